// The server's event loop while hostile bodies come in beside a stream: npm run check:event-loop -- [rounds].
// 900 kB prompts, a schema of 20,000 names, JSON as deep as its bytes allow, a million small values.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRetort } from '../../test/support/retort-server.ts';
import { endlessQuestion, streamChat } from '../../test/support/stream-chat.ts';
import { quantile } from './quantile.ts';

const rounds = Number(process.argv[2] ?? 10);
const folder = mkdtempSync(join(tmpdir(), 'retort-loop-'));
const figures = join(folder, 'figures.json');
/** Runs inside the server, whose own clock is the only one that load elsewhere does not move. */
const probe = `import { monitorEventLoopDelay } from 'node:perf_hooks'; import { writeFileSync } from 'node:fs';
if (!process.argv.includes('worker')) { const delay = monitorEventLoopDelay({ resolution: 1 });
process.on('SIGUSR2', () => delay.enable()); process.on('exit', () => writeFileSync(${JSON.stringify(figures)},
JSON.stringify([50, 99, 100].map((share) => delay.percentile(share) / 1e6)))); }`;
const preload = `data:text/javascript,${encodeURIComponent(probe)}`;
const server = await startRetort(['--slots', '4', '--log-level', 'warn'], {
	env: { NODE_OPTIONS: `--import=${preload}` },
});

const say = (content: string, more: object = {}) =>
	JSON.stringify({ model: 'pocket-reasoner', max_tokens: 1, messages: [{ role: 'user', content }], ...more });
const names = Array.from({ length: 20_000 }, (_, index) => `value-${index}`);
const schema = { type: 'object', properties: { x: { enum: names } }, required: ['x'], additionalProperties: false };
const bodies = [
	say('a'.repeat(900_000)),
	say(' '.repeat(900_000)),
	say('👩‍👧'.repeat(112_000)),
	say('x', { response_format: { type: 'json_schema', json_schema: { name: 's', strict: true, schema } } }),
	`${'['.repeat(450_000)}${']'.repeat(450_000)}`,
	`{"messages":${'{"a":'.repeat(150_000)}1${'}'.repeat(150_000)}}`,
	`{"messages":[${'{},'.repeat(300_000)}1]}`,
	`{"stop":[${'1,'.repeat(450_000)}1]}`,
];

const gapsMs: number[] = [];
const statuses: Record<string, number> = {};
let isOver = false;
try {
	await streamChat(server.url, endlessQuestion(20));
	server.process.kill('SIGUSR2');
	const streaming = (async () => {
		while (!isOver) {
			let lastMs = performance.now();
			const outcome = await streamChat(server.url, endlessQuestion(1000), {
				onText: () => {
					gapsMs.push(performance.now() - lastMs);
					lastMs = performance.now();
				},
			});
			if (outcome.error !== null || !outcome.sawDone)
				throw new Error(`the stream was hurt: ${JSON.stringify(outcome)}`);
		}
	})();
	for (let round = 0; round < rounds; round += 1) {
		for (const body of bodies) {
			const headers = { 'content-type': 'application/json' };
			const { status } = await fetch(`${server.url}/v1/chat/completions`, { method: 'POST', headers, body });
			statuses[status] = (statuses[status] ?? 0) + 1;
		}
	}
	isOver = true;
	await streaming;
} finally {
	await server.stop();
}
const [p50 = Number.NaN, p99 = Number.NaN, most = Number.NaN] = JSON.parse(readFileSync(figures, 'utf8'));
rmSync(folder, { recursive: true });
const ms = (value: number) => `${value.toFixed(1)} ms`;
console.log(`answers by status: ${JSON.stringify(statuses)}`);
console.log(`event loop delay: p50 ${ms(p50)}, p99 ${ms(p99)}, most ${ms(most)} (promised: p99 under 50 ms)`);
console.log(`stream beside it: between pieces p50 ${ms(quantile(gapsMs, 0.5))}, p99 ${ms(quantile(gapsMs, 0.99))}`);
const isRight = p99 < 50 && Object.keys(statuses).every((status) => status.startsWith('4'));
console.log(isRight ? 'OK' : 'NOT AS PROMISED');
process.exitCode = isRight ? 0 : 1;
