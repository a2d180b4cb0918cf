// Three workers as separate hosts, 60 streams, one fault after another: npm run check:hosts -- [--streams N] [--rounds N]
// Every stream has to complete with the text of an undisturbed run. Linux; with rights to make network namespaces also
// the faults of a link, without them on loopback addresses.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { poolReportSchema } from '../../../src/protocol/admin-api.ts';
import { startRetort } from '../../../test/support/retort-server.ts';
import { type StreamOutcome, streamChat, sumQuestion } from '../../../test/support/stream-chat.ts';
import { quantile } from '../quantile.ts';
import { canHaveNamespaces, startWorkerHost, type WorkerHost } from './worker-host.ts';

const { values } = parseArgs({
	options: { streams: { type: 'string', default: '60' }, rounds: { type: 'string', default: '1' } },
});
const STREAMS = Number(values.streams);
const STALL_SECONDS = 2;
/** Two hosts take what three had. */
const SLOTS = Math.ceil(STREAMS / 2);

type Fault = { name: string; inject(host: WorkerHost): void; heal(host: WorkerHost): Promise<void> | void };

const FAULTS: Fault[] = [
	{ name: 'SIGKILL', inject: (host) => host.kill(), heal: (host) => host.restart() },
	{ name: 'SIGSTOP', inject: (host) => host.freeze(true), heal: (host) => host.freeze(false) },
	...(canHaveNamespaces
		? [
				{
					name: 'link down',
					inject: (host: WorkerHost) => host.link?.up(false),
					heal: (host: WorkerHost) => host.link?.up(true),
				},
				{
					name: 'link at 64 kbit/s',
					inject: (host: WorkerHost) => host.link?.slow(true),
					heal: (host: WorkerHost) => host.link?.slow(false),
				},
			]
		: []),
	...(['reset', 'fin', 'garbage', 'slice'] as const).map((fault) => ({
		name: { reset: 'reset within a line', fin: 'clean FIN in a stream', garbage: 'garbage', slice: 'byte by byte' }[
			fault
		],
		inject: (host: WorkerHost) => host.proxy.break(fault),
		heal: (host: WorkerHost) => host.proxy.heal(),
	})),
];

const folder = mkdtempSync(join(tmpdir(), 'retort-hosts-'));
const tokenFile = join(folder, 'worker.token');
writeFileSync(tokenFile, 'a-token-for-this-check-alone\n', { mode: 0o600 });
const hosts: WorkerHost[] = [];
for (const index of [0, 1, 2]) hosts.push(await startWorkerHost(index, { tokenFile, slots: SLOTS }));
const configFile = join(folder, 'retort.yaml');
writeFileSync(
	configFile,
	JSON.stringify({
		models: { 'pocket-reasoner': { hosts: hosts.map(({ proxy }) => ({ url: proxy.url, tokenFile })) } },
		workers: { stallSeconds: STALL_SECONDS },
		logging: { level: 'info' },
	}),
);
let wrong = 0;
try {
	const server = await startGateway();
	try {
		await allReady(server.url);
		const expected = await run(server.url);
		report('none', expected, expected, []);
		for (let round = 0; round < Number(values.rounds); round += 1)
			for (const [index, fault] of FAULTS.entries()) {
				const host = hosts[(index + round) % hosts.length];
				if (host === undefined) continue;
				const logged = server.logs().length;
				let injectedMs = 0;
				let deltas = 0;
				const outcomes = await run(server.url, () => {
					// Somewhere in the middle, at another place each time.
					if (++deltas !== STREAMS * (3 + index)) return;
					injectedMs = Date.now();
					fault.inject(host);
				});
				const moves = server
					.logs()
					.slice(logged)
					.filter(({ msg }) => msg === 'running the request elsewhere')
					.map(({ time }) => Number(time) - injectedMs);
				report(injectedMs === 0 ? `${fault.name} (not injected)` : fault.name, outcomes, expected, moves, injectedMs);
				await fault.heal(host);
				await allReady(server.url);
			}
	} finally {
		await server.stop();
	}
} finally {
	await Promise.all(hosts.map((host) => host.stop()));
	rmSync(folder, { recursive: true });
}
console.log(wrong === 0 ? 'OK' : `NOT AS PROMISED: ${wrong} streams`);
process.exitCode = wrong === 0 ? 0 : 1;

type Watched = StreamOutcome & { arrivedMs: number[] };

function run(url: string, onText: () => void = () => undefined): Promise<Watched[]> {
	return Promise.all(
		Array.from({ length: STREAMS }, async (_, index) => {
			const arrivedMs: number[] = [];
			// Sums of its training: past what it has learned, two tokens are often as good as each other to the last bit.
			const outcome = await streamChat(url, sumQuestion(1234 + 91 * index, 8765 - 83 * index), {
				onText: () => {
					arrivedMs.push(Date.now());
					onText();
				},
			});
			return { ...outcome, arrivedMs };
		}),
	);
}

function report(name: string, outcomes: Watched[], expected: Watched[], moves: number[], injectedMs = 0): void {
	const isWhole = (outcome: Watched, index: number) =>
		outcome.sawDone &&
		outcome.error === null &&
		outcome.content === expected[index]?.content &&
		outcome.reasoning === expected[index]?.reasoning;
	const whole = outcomes.filter(isWhole).length;
	wrong += outcomes.length - whole;
	for (const [index, outcome] of outcomes.entries()) if (!isWhole(outcome, index)) tell(outcome, expected[index]);
	// A stream that moved is silent from about the fault until another worker goes on.
	const silences = outcomes.map(({ arrivedMs }) => longestSilenceAfter(arrivedMs, injectedMs)).sort((a, b) => b - a);
	const resumed = silences.slice(0, moves.length);
	const ms = (times: number[], share: number) =>
		times.length === 0 ? '-' : `${Math.round(quantile(times, share))} ms`;
	console.log(
		`${name.padEnd(24)} ${whole}/${outcomes.length} whole, ${String(moves.length).padStart(2)} moved; ` +
			`detected p50 ${ms(moves, 0.5)}, p99 ${ms(moves, 0.99)}; silent p50 ${ms(resumed, 0.5)}, p99 ${ms(resumed, 0.99)}`,
	);
}

/** Where it left the text that it should have had. */
function tell({ error, sawDone, reasoning, content }: Watched, expected: Watched | undefined): void {
	const [is, should] = [reasoning + content, (expected?.reasoning ?? '') + (expected?.content ?? '')];
	let at = 0;
	while (at < is.length && is[at] === should[at]) at += 1;
	const near = { is: is.slice(at - 20, at + 20), should: should.slice(at - 20, at + 20), at, of: should.length };
	console.log(`  ${JSON.stringify({ error, sawDone, ...near })}`);
}

function longestSilenceAfter(arrivedMs: number[], fromMs: number): number {
	let longest = 0;
	for (const [index, atMs] of arrivedMs.entries()) {
		const before = arrivedMs[index - 1] ?? atMs;
		if (atMs > fromMs) longest = Math.max(longest, atMs - before);
	}
	return longest;
}

async function startGateway() {
	return startRetort(['--config', configFile, '--log-level', 'info']);
}

async function allReady(url: string): Promise<void> {
	for (;;) {
		const { workers } = poolReportSchema.parse(await (await fetch(`${url}/admin/pool`)).json());
		if (workers.every(({ state }) => state === 'ready')) return;
		await delay(50);
	}
}
