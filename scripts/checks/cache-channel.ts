// Whether the time to the first token tells that another key asked the same before: npm run check:cache-channel -- [pairs].
// Area under the curve of "asked before by another" against "never asked": 0.5 where nothing can be told, 1 where all can.
// Beside it that of a key's own prompts, which shows that the clock would see a difference.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRetort } from '../../test/support/retort-server.ts';
import { streamChat } from '../../test/support/stream-chat.ts';
import { quantile } from './quantile.ts';

/** At 30 pairs chance alone moves the area by 0.075, one standard deviation; at 200 by 0.03. */
const pairs = Number(process.argv[2] ?? 200);
const TOLERANCE = 0.1;
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const folder = mkdtempSync(join(tmpdir(), 'retort-channel-'));
const config = join(folder, 'retort.json');
writeFileSync(config, JSON.stringify({ keys: ['victim', 'spy'].map((id) => ({ id, sha256: sha256(id) })) }));
const server = await startRetort(['--config', config, '--slots', '4', '--log-level', 'warn']);

/** About 1,500 tokens that no other prompt shares a beginning with. */
function promptOf(index: number): string {
	return `${index} ${Array.from({ length: 740 }, (_, at) => (index * 7919 + at * 104_729) % 10).join(' ')}`;
}

async function firstTokenMs(key: string, content: string): Promise<number> {
	const body = { model: 'pocket-reasoner', max_tokens: 2, messages: [{ role: 'user', content }] };
	const outcome = await streamChat(server.url, body, { headers: { authorization: `Bearer ${key}` } });
	if (outcome.firstTokenMs === null) throw new Error(`no token: ${JSON.stringify(outcome)}`);
	return outcome.firstTokenMs;
}

/** How often a value of the one is smaller than one of the other. */
function area(one: number[], other: number[]): number {
	const wins = one.flatMap((left) => other.map((right) => (left < right ? 1 : left === right ? 0.5 : 0)));
	return wins.reduce<number>((sum, win) => sum + win, 0) / wins.length;
}

const asked: number[] = [];
const never: number[] = [];
const own: number[] = [];
try {
	for (let pair = 0; pair < pairs; pair += 1) {
		const [known, unknown] = [promptOf(2 * pair), promptOf(2 * pair + 1)];
		await firstTokenMs('victim', known);
		own.push(await firstTokenMs('victim', known));
		const turns = [
			async () => asked.push(await firstTokenMs('spy', known)),
			async () => never.push(await firstTokenMs('spy', unknown)),
		];
		for (const turn of pair % 2 === 0 ? turns : turns.reverse()) await turn();
	}
} finally {
	await server.stop();
	rmSync(folder, { recursive: true });
}
const [foreign, itself] = [area(asked, never), area(own, never)];
const median = (values: number[]) => `${quantile(values, 0.5).toFixed(1)} ms`;
console.log(
	`first token: asked before by another ${median(asked)}, never asked ${median(never)}, asked before by itself ${median(own)}`,
);
console.log(
	`area: another's ${foreign.toFixed(2)} over ${pairs} pairs (promised: 0.5 +- ${TOLERANCE}), its own ${itself.toFixed(2)}`,
);
const isRight = Math.abs(foreign - 0.5) < TOLERANCE && itself > 0.9;
console.log(isRight ? 'OK' : 'NOT AS PROMISED');
process.exitCode = isRight ? 0 : 1;
