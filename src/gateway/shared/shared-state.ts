import { randomUUID } from 'node:crypto';
import { Redis } from 'iovalkey';
import type { Config } from '../../config/schema.ts';
import type { GatewayLog } from '../log.ts';
import { HEARTBEAT } from './scripts.ts';

const CONNECT_MS = 1000;
/** A connection that was silent for so long while it owed an answer is given up: behind it may be nobody. */
const SILENT_MS = 2000;
const RECONNECT_MS = 500;
/** After a failure nobody waits for Redis for so long; then one call tries. */
const PAUSE_MS = 1000;
const HEARTBEAT_MS = 2000;
/** A gateway that was not heard of for so long is gone. */
const GONE_MS = 7000;

export type SharedStateOptions = Pick<Config, 'redis'> & { url: string; log: GatewayLog };

/**
 * The connection to Redis or Valkey, where several gateways keep what they have in common. It is never waited for longer
 * than `redis.timeoutMs`: `ask` gives null instead, and whoever asked decides locally.
 */
export class SharedState {
	readonly redis: Redis;
	readonly gatewayId = randomUUID();
	readonly #options: SharedStateOptions;
	readonly #heartbeat: NodeJS.Timeout;
	readonly #revoked = new Set<string>();
	readonly #listeners: Redis[] = [];
	#gateways = 1;
	#isDown = false;
	#pausedUntilMs = 0;
	#isTrying = false;

	constructor(options: SharedStateOptions) {
		this.#options = options;
		this.redis = new Redis(options.url, {
			keyPrefix: options.redis.prefix,
			connectTimeout: CONNECT_MS,
			socketTimeout: SILENT_MS,
			enableOfflineQueue: false,
			autoResendUnfulfilledCommands: false,
			maxRetriesPerRequest: 0,
			retryStrategy: () => RECONNECT_MS,
		});
		// Without a listener an error ends the process; calls tell it better, and its message holds the address.
		this.redis.on('error', () => {});
		this.redis.on('ready', () => void this.beat());
		this.#heartbeat = setInterval(() => void this.beat(), HEARTBEAT_MS).unref();
	}

	/** Gateways that share this state, as far as is known: what is limited locally gets its share. */
	get gateways(): number {
		return this.#gateways;
	}

	/** Ids of revoked keys, as of the last heartbeat. */
	get revoked(): ReadonlySet<string> {
		return this.#revoked;
	}

	/**
	 * What `run` gives, or null when it is not there in time. `late` gets what came after that, for whoever has to undo it.
	 */
	async ask<Value>(
		run: (redis: Redis) => Promise<Value>,
		late: (value: Value) => void = () => {},
	): Promise<{ value: Value } | null> {
		if (this.#isDown) {
			if (this.#isTrying || performance.now() < this.#pausedUntilMs) return null;
			this.#isTrying = true;
		}
		const patience = startPatience(this.#options.redis.timeoutMs);
		let isLate = false;
		const answer = run(this.redis).then(
			(value) => {
				if (isLate) late(value);
				return { value };
			},
			() => null,
		);
		try {
			const outcome = await Promise.race([answer, patience.isOver]);
			isLate = outcome === null;
			this.#sees(outcome !== null);
			return outcome;
		} finally {
			patience.end();
			this.#isTrying = false;
		}
	}

	/** Tells the others that this one is there, and hears of them and of what they revoked. */
	async beat(): Promise<void> {
		const answer = await this.ask((redis) => redis.eval(HEARTBEAT, 2, 'gateways', 'revoked', this.gatewayId, GONE_MS));
		if (answer === null || !Array.isArray(answer.value)) return;
		const [gateways, revoked] = answer.value;
		this.#gateways = Math.max(1, Number(gateways));
		this.#revoked.clear();
		if (Array.isArray(revoked)) for (const id of revoked) this.#revoked.add(String(id));
	}

	/** Hears what other gateways and this one tell on a channel, for as long as there is a connection. */
	listen(channel: string, hear: (message: string) => void): void {
		const listener = this.redis.duplicate({ enableOfflineQueue: true, maxRetriesPerRequest: null });
		this.#listeners.push(listener);
		listener.on('error', () => {});
		listener.on('message', (_channel, message) => hear(message));
		listener.subscribe(this.#options.redis.prefix + channel).catch(() => {});
	}

	/** Nobody waits for it, and nobody learns whether it arrived. */
	tell(channel: string, message: string): void {
		if (!this.#isDown) this.redis.publish(this.#options.redis.prefix + channel, message).catch(() => {});
	}

	async close(): Promise<void> {
		for (const listener of this.#listeners) listener.disconnect();
		clearInterval(this.#heartbeat);
		await this.ask((redis) => redis.zrem('gateways', this.gatewayId));
		this.redis.disconnect();
	}

	#sees(isUp: boolean): void {
		if (!isUp) this.#pausedUntilMs = performance.now() + PAUSE_MS;
		if (isUp !== this.#isDown) return;
		this.#isDown = !isUp;
		if (isUp) this.#options.log.info({}, 'redis answers again');
		else
			this.#options.log.warn({ gateways: this.#gateways }, 'redis does not answer: limits are local, each its share');
	}
}

const LOOKS = 3;

/**
 * Over after `ms`, in which this process looked for answers several times: when it was itself held up, the answer lies
 * unread in the socket, and that is not Redis being slow.
 */
function startPatience(ms: number): { isOver: Promise<null>; end(): void } {
	let timer: NodeJS.Timeout | undefined;
	const isOver = new Promise<null>((resolve) => {
		const look = (left: number) => {
			timer = setTimeout(() => {
				if (left > 1) look(left - 1);
				else setImmediate(() => resolve(null));
			}, ms / LOOKS);
		};
		look(LOOKS);
	});
	return { isOver, end: () => clearTimeout(timer) };
}
