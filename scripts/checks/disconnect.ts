// From a client's disconnect to its slot being free, in decode and in the prefill of a 1,500-token prompt; and what 2,000
// clients leave behind that ask and go: npm run check:disconnect -- [repetitions] [clients]. The worker's own busy count is read over /metrics, so each figure holds
// one turn of polling on top.
import { request } from 'node:http';
import { startRetort } from '../../test/support/retort-server.ts';
import { endlessQuestion } from '../../test/support/stream-chat.ts';
import { abortStorm } from './abort-storm.ts';
import { quantile } from './quantile.ts';

const repetitions = Number(process.argv[2] ?? 50);
const clients = Number(process.argv[3] ?? 2000);
/** Connections that are kept open for the next request come and go. */
const SPARE_DESCRIPTORS = 8;
const server = await startRetort(['--slots', '4', '--log-level', 'info']);
const decodeMs: number[] = [];
const prefillMs: number[] = [];
let prefillCaught = 0;
let storm = { descriptors: [0, 0], residentMiB: [0, 0] };
try {
	for (let index = 0; index < repetitions; index++) decodeMs.push(await freeAfter(endlessQuestion(3500), 5));
	for (let index = 0; index < repetitions; index++) {
		const freedMs = await freeAfter(longPrompt(index), 0);
		prefillMs.push(freedMs);
	}
	storm = await abortStorm(server, clients, async () => {
		while ((await busySlots()) > 0) await new Promise((resolve) => setTimeout(resolve, 20));
	});
} finally {
	await server.stop();
}

/** About 1,500 tokens that no earlier prompt shares a beginning with. */
function longPrompt(index: number) {
	const digits = Array.from({ length: 740 }, (_, at) => (index * 7919 + at * 104_729) % 10).join(' ');
	return { model: 'pocket-reasoner', max_tokens: 500, messages: [{ role: 'user', content: `${index} ${digits}` }] };
}

async function busySlots(): Promise<number> {
	const text = await (await fetch(`${server.url}/metrics`)).text();
	const values = text.split('\n').filter((line) => line.startsWith('retort_slots_busy{'));
	return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}

/** Cuts the connection after so many data frames (0: as soon as the slot is taken) and waits for the slot. */
async function freeAfter(body: object, frames: number): Promise<number> {
	const call = request(`${server.url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		agent: false,
	});
	call.on('error', () => {});
	let sawToken = false;
	const enough = new Promise<void>((resolve) => {
		let seen = 0;
		call.on('response', (response) => {
			response.setEncoding('utf8').on('data', (text: string) => {
				sawToken ||= text.includes('data: ');
				seen += text.split('data: ').length - 1;
				if (frames > 0 && seen >= frames) resolve();
			});
			response.on('error', () => {});
		});
	});
	call.end(JSON.stringify({ stream: true, ...body }));
	if (frames > 0) await enough;
	else while ((await busySlots()) === 0) await new Promise((resolve) => setImmediate(resolve));
	if (frames === 0 && !sawToken) prefillCaught += 1;
	const cutMs = performance.now();
	call.destroy();
	while ((await busySlots()) > 0) await new Promise((resolve) => setImmediate(resolve));
	return performance.now() - cutMs;
}

const rows = [
	{ name: 'decode', values: decodeMs, limitMs: 250 },
	{ name: `prefill (${prefillCaught} of ${repetitions} before the first token)`, values: prefillMs, limitMs: 1000 },
];
for (const { name, values, limitMs } of rows) {
	const [p50, p99, most] = [0.5, 0.99, 1].map((share) => quantile(values, share).toFixed(1));
	console.log(`${name}: p50 ${p50} ms, p99 ${p99} ms, most ${most} ms (promised: p99 under ${limitMs} ms)`);
}
const [before = 0, after = 0] = storm.descriptors;
const [beforeMiB = 0, afterMiB = 0] = storm.residentMiB;
console.log(
	`${clients} clients that leave, a second time: descriptors ${before}, then ${after}; memory ${beforeMiB.toFixed()} MiB, then ${afterMiB.toFixed()} MiB`,
);
const leavesNothing = after <= before + SPARE_DESCRIPTORS && afterMiB < beforeMiB * 1.1;
const isRight = leavesNothing && rows.every(({ values, limitMs }) => quantile(values, 0.99) < limitMs);
console.log(isRight ? 'OK' : 'NOT AS PROMISED');
process.exitCode = isRight ? 0 : 1;
