// Three workers as separate hosts, 60 streams, one fault after another, a rolling restart of all three last:
// npm run check:hosts -- [--streams N] [--rounds N] [--gateways N] [--tls] [--stall-seconds N]
// Every stream has to complete with the text of an undisturbed run. With --gateways that many processes serve, with --tls the
// workers speak TLS and want a certificate of the gateway. Linux; with rights to make network namespaces also the faults of
// a link, without them on loopback addresses.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { poolReportSchema } from '../../../src/protocol/admin-api.ts';
import { type LogLine, type RetortServer, startRetort } from '../../../test/support/retort-server.ts';
import { type StreamOutcome, streamChat, sumQuestion } from '../../../test/support/stream-chat.ts';
import { quantile } from '../quantile.ts';
import { canHaveNamespaces, startWorkerHost, type WorkerHost } from './worker-host.ts';

const { values } = parseArgs({
	options: {
		streams: { type: 'string', default: '60' },
		rounds: { type: 'string', default: '1' },
		gateways: { type: 'string', default: '1' },
		tls: { type: 'boolean', default: false },
		/** On a machine that is busy otherwise a worker that is well can be silent for longer. */
		'stall-seconds': { type: 'string', default: '2' },
	},
});
const STREAMS = Number(values.streams);
const STALL_SECONDS = Number(values['stall-seconds']);
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
		name: {
			reset: 'reset within a line',
			fin: 'clean FIN in a stream',
			garbage: 'garbage',
			slice: 'in pieces of seven bytes',
		}[fault],
		inject: (host: WorkerHost) => host.proxy.break(fault),
		heal: (host: WorkerHost) => host.proxy.heal(),
	})),
];

const folder = mkdtempSync(join(tmpdir(), 'retort-hosts-'));
const tokenFile = join(folder, 'worker.token');
writeFileSync(tokenFile, 'a-token-for-this-check-alone\n', { mode: 0o600 });
const hosts: WorkerHost[] = [];
const pem = (name: string) => resolve('test/fixtures/tls', name);
const workerTls = values.tls ? { cert: pem('worker.crt'), key: pem('worker.key'), clientCa: pem('ca.crt') } : null;
const gatewayTls = { caFile: pem('ca.crt'), certFile: pem('gateway.crt'), keyFile: pem('gateway.key') };
for (const index of [0, 1, 2]) hosts.push(await startWorkerHost(index, { tokenFile, slots: SLOTS, tls: workerTls }));
/** A proxy passes bytes, so the certificate is checked against its address. */
const remotes = hosts.map(({ proxy: { url } }) =>
	values.tls ? { url: url.replace('http:', 'https:'), tokenFile, tls: gatewayTls } : { url, tokenFile },
);
const configFile = join(folder, 'retort.yaml');
writeFileSync(
	configFile,
	JSON.stringify({
		models: { 'pocket-reasoner': { hosts: remotes } },
		server: { gateways: Number(values.gateways) },
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
				const wrongBefore = wrong;
				report(injectedMs === 0 ? `${fault.name} (not injected)` : fault.name, outcomes, expected, moves, injectedMs);
				if (wrong > wrongBefore) tellTroubles(server.logs().slice(logged), injectedMs);
				await fault.heal(host);
				await allReady(server.url);
			}
		await rollingRestart(server, expected);
	} finally {
		await server.stop();
	}
} finally {
	await Promise.all(hosts.map((host) => host.stop()));
	rmSync(folder, { recursive: true });
}
console.log(wrong === 0 ? 'OK' : `NOT AS PROMISED: ${wrong} streams`);
process.exitCode = wrong === 0 ? 0 : 1;

/** Each host's worker is told to end, which drains it, and is started again when it has: as an orchestrator does. */
async function rollingRestart(server: RetortServer, expected: Watched[]): Promise<void> {
	const logged = server.logs().length;
	let isOver = false;
	const restarts = (async () => {
		for (const host of hosts) {
			await host.end();
			await host.restart();
			await allReady(server.url);
		}
		isOver = true;
	})();
	let runs = 0;
	while (!isOver) {
		report(`rolling restart, run ${++runs}`, await run(server.url), expected, []);
	}
	await restarts;
	const moved = server
		.logs()
		.slice(logged)
		.filter(({ msg }) => msg === 'running the request elsewhere').length;
	console.log(`all three restarted during ${runs} runs of ${STREAMS} streams; ${moved} moved`);
}

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
		`${name.padEnd(25)} ${whole}/${outcomes.length} whole, ${String(moves.length).padStart(2)} moved; ` +
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

/** What became of workers meanwhile: a machine that is too busy for the stall limit kills more of them than the fault did. */
function tellTroubles(lines: LogLine[], injectedMs: number): void {
	for (const { msg, time, workerId, reason } of lines)
		if (reason !== undefined) console.log(`  ${Number(time) - injectedMs} ms: ${workerId}: ${msg}: ${reason}`);
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
