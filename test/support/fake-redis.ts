import { once } from 'node:events';
import { createServer, type Socket } from 'node:net';
import { setTimeout as delay } from 'node:timers/promises';
import { ADMIT, COUNT_REQUEST, HEARTBEAT, RENEW, SETTLE } from '../../src/gateway/shared/scripts.ts';

export type FakeRedisMode =
	/** Answers at once. */
	| 'up'
	/** Takes everything and answers nothing until it wakes, as a stopped process does. */
	| 'hung'
	/** Answers after so long that nobody waits for it. */
	| 'slow'
	/** Closes every connection. */
	| 'refusing'
	/** Answers with an error, as one that loads its data does. */
	| 'loading'
	/** Answers with bytes that are no RESP. */
	| 'garbage';

export type FakeRedis = {
	url: string;
	mode: FakeRedisMode;
	/** Commands that were asked for, whatever became of them. */
	asked: string[][];
	close(): Promise<void>;
};

const SLOW_MS = 400;
const HUNG_LOOK_MS = 20;

type Reply = number | string | null | Reply[] | Error;

/**
 * As much of Redis as the gateway asks for, on a real socket. The scripts are not run but done again in JavaScript, by
 * their text: that the real ones do the same is what `npm run check:redis` shows.
 */
export async function startFakeRedis(mode: FakeRedisMode = 'up'): Promise<FakeRedis> {
	const sockets = new Set<Socket>();
	const subscribers = new Map<Socket, Set<string>>();
	const lastReplies = new WeakMap<Socket, Promise<void>>();
	const store = createStore();
	const server = createServer((socket) => {
		if (fake.mode === 'refusing') return void socket.destroy();
		sockets.add(socket);
		socket
			.on('error', () => {})
			.once('close', () => {
				sockets.delete(socket);
				subscribers.delete(socket);
			});
		let rest = '';
		socket.setEncoding('latin1').on('data', (text: string) => {
			const parsed = parseCommands(rest + text);
			rest = parsed.rest;
			for (const command of parsed.commands) answer(socket, command);
		});
	});

	function answer(socket: Socket, command: string[]): void {
		fake.asked.push(command);
		const { mode: now } = fake;
		if (now === 'refusing') return void socket.destroy();
		if (now === 'garbage') return void socket.write('what?\r\n');
		if (now === 'loading') return void socket.write('-LOADING Redis is loading the dataset in memory\r\n');
		// In the order of the commands, as Redis answers, whatever happens to the mode meanwhile.
		const before = lastReplies.get(socket) ?? Promise.resolve();
		const due = now === 'slow' ? delay(SLOW_MS) : Promise.resolve();
		lastReplies.set(
			socket,
			Promise.all([before, due]).then(async () => {
				while (fake.mode === 'hung' && !socket.destroyed) await delay(HUNG_LOOK_MS);
				if (socket.writable) socket.write(run(socket, command), 'latin1');
			}),
		);
	}

	function run(socket: Socket, [name = '', ...args]: string[]): string {
		switch (name.toLowerCase()) {
			case 'subscribe': {
				subscribers.set(socket, new Set(args));
				return args.map((channel, index) => encode(['subscribe', channel, index + 1])).join('');
			}
			case 'publish': {
				const [channel = '', message = ''] = args;
				for (const [other, channels] of subscribers)
					if (channels.has(channel)) other.write(encode(['message', channel, message]), 'latin1');
				return encode(1);
			}
			default:
				return encode(store.run(name.toLowerCase(), args));
		}
	}

	const fake: FakeRedis = {
		url: '',
		mode,
		asked: [],
		async close() {
			for (const socket of sockets) socket.destroy();
			if (server.listening) await new Promise((resolve) => server.close(resolve));
		},
	};
	server.listen(0, '127.0.0.1');
	await once(server, 'listening');
	const address = server.address();
	if (typeof address !== 'object' || address === null) throw new Error('no port');
	fake.url = `redis://127.0.0.1:${address.port}`;
	return fake;
}

function createStore() {
	const counters = new Map<string, number>();
	const running = new Map<string, Map<string, number>>();
	const levels = new Map<string, { level: number; at: number }>();
	const sets = new Map<string, Set<string>>();
	const texts = new Map<string, string>();
	const leasesOf = (key: string) => {
		const leases = running.get(key) ?? new Map<string, number>();
		running.set(key, leases);
		for (const [lease, expiresAt] of leases) if (expiresAt <= Date.now()) leases.delete(lease);
		return leases;
	};
	const setOf = (key: string) => {
		const set = sets.get(key) ?? new Set<string>();
		sets.set(key, set);
		return set;
	};
	const levelOf = (key: string, per: number) => {
		const held = levels.get(key) ?? { level: per, at: Date.now() };
		return Math.min(per, held.level + ((Date.now() - held.at) * per) / 60_000);
	};

	function evaluate(script: string, keys: string[], args: string[]): Reply {
		const [first = '', second = ''] = keys;
		switch (script) {
			case COUNT_REQUEST: {
				counters.set(first, (counters.get(first) ?? 0) + 1);
				return [counters.get(first) ?? 0, Number(args[0])];
			}
			case ADMIT: {
				const [lease = '', most, lifeMs, per, wanted] = [args[0], ...args.slice(1).map(Number)] as [
					string,
					number,
					number,
					number,
					number,
				];
				const leases = leasesOf(first);
				if (most >= 0 && leases.size >= most) return ['requests', '0'];
				const level = per > 0 ? levelOf(second, per) : 0;
				if (per > 0 && level < wanted) return ['tokens', String(level)];
				if (per > 0) levels.set(second, { level: level - wanted, at: Date.now() });
				leases.set(lease, Date.now() + lifeMs);
				return ['admitted', String(level - (per > 0 ? wanted : 0))];
			}
			case SETTLE: {
				const per = Number(args[1]);
				leasesOf(first).delete(args[0] ?? '');
				if (per > 0)
					levels.set(second, { level: Math.min(per, levelOf(second, per) + Number(args[2])), at: Date.now() });
				return 1;
			}
			case RENEW:
				for (const lease of args.slice(1)) leasesOf(first).set(lease, Date.now() + Number(args[0]));
				return 1;
			case HEARTBEAT:
				setOf(first).add(args[0] ?? '');
				return [setOf(first).size, [...setOf(second)]];
			default:
				return new Error('NOSCRIPT this fake knows no such script');
		}
	}

	return {
		run(name: string, args: string[]): Reply {
			const [key = '', value = ''] = args;
			switch (name) {
				case 'eval': {
					const count = Number(args[1]);
					return evaluate(key, args.slice(2, 2 + count), args.slice(2 + count));
				}
				case 'sadd':
					return Number(!setOf(key).has(value) && setOf(key).add(value).has(value));
				case 'srem':
				case 'zrem':
					return Number(setOf(key).delete(value));
				case 'get':
					return texts.get(key) ?? null;
				case 'set': {
					if (args.some((arg) => arg.toLowerCase() === 'nx') && texts.has(key)) return null;
					texts.set(key, value);
					return 'OK';
				}
				case 'del':
					return args.filter((one) => texts.delete(one)).length;
				default:
					return 'OK';
			}
		},
	};
}

function encode(reply: Reply): string {
	if (reply === null) return '$-1\r\n';
	if (typeof reply === 'number') return `:${reply}\r\n`;
	if (reply instanceof Error) return `-${reply.message}\r\n`;
	if (Array.isArray(reply)) return `*${reply.length}\r\n${reply.map(encode).join('')}`;
	return `$${reply.length}\r\n${reply}\r\n`;
}

/** Commands as clients send them: arrays of bulk strings. */
function parseCommands(text: string): { commands: string[][]; rest: string } {
	const commands: string[][] = [];
	let at = 0;
	while (true) {
		const head = /^\*(\d+)\r\n/.exec(text.slice(at, at + 20));
		if (head === null) return { commands, rest: text.slice(at) };
		let cursor = at + head[0].length;
		const parts: string[] = [];
		for (let index = 0; index < Number(head[1]); index += 1) {
			const size = /^\$(\d+)\r\n/.exec(text.slice(cursor, cursor + 20));
			if (size === null) return { commands, rest: text.slice(at) };
			const begin = cursor + size[0].length;
			const end = begin + Number(size[1]);
			if (text.length < end + 2) return { commands, rest: text.slice(at) };
			parts.push(text.slice(begin, end));
			cursor = end + 2;
		}
		commands.push(parts);
		at = cursor;
	}
}
