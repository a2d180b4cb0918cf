// 500 prompts of two keys on one worker, mixed, every third one left in the middle: npm run check:tenants -- [prompts].
// At temperature 0 each answer has to be the text that the same prompt has where nobody leaves and the other key is silent:
// whatever of another prompt were left in a slot, a batch or a cache would show.
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRetort } from '../../test/support/retort-server.ts';
import { type StreamOutcome, streamChat, sumQuestion } from '../../test/support/stream-chat.ts';

const prompts = Number(process.argv[2] ?? 500);
const SLOTS = 16;
/** Pieces of text before a client leaves. */
const LEAVES_AT = [1, 4, 16];
const keys = ['one', 'two'];
const folder = mkdtempSync(join(tmpdir(), 'retort-tenants-'));
const config = join(folder, 'retort.json');
const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
writeFileSync(config, JSON.stringify({ keys: keys.map((id) => ({ id, sha256: sha256(id) })) }));

const keyOf = (index: number) => keys[index % keys.length] ?? '';
const leaves = (index: number) => index % 3 === 2;

/** Sums as it was trained with: past those two tokens can be as good as each other to the last bit. */
async function ask(url: string, index: number, leavesAt: number | null): Promise<StreamOutcome> {
	const leaving = new AbortController();
	let pieces = 0;
	return streamChat(url, sumQuestion(1000 + ((index * 7919) % 9000), 1000 + ((index * 104_729) % 9000)), {
		headers: { authorization: `Bearer ${keyOf(index)}` },
		signal: leaving.signal,
		onText: () => {
			if (++pieces === leavesAt) leaving.abort();
		},
	});
}

/** So many at a time, in the order of their indices. */
async function askAll(indices: number[], run: (index: number) => Promise<void>): Promise<void> {
	const waiting = [...indices];
	const client = async () => {
		for (let index = waiting.shift(); index !== undefined; index = waiting.shift()) await run(index);
	};
	await Promise.all(Array.from({ length: SLOTS }, client));
}

const all = Array.from({ length: prompts }, (_, index) => index);
const textOf = ({ reasoning, content }: StreamOutcome) => `${reasoning}\n${content}`;
const alone = new Map<number, string>();
const mixed = new Map<number, string>();
let left = 0;
const server = await startRetort(['--config', config, '--slots', String(SLOTS), '--log-level', 'warn']);
try {
	await askAll(all, async (index) => {
		const leavesAt = leaves(index) ? (LEAVES_AT[index % LEAVES_AT.length] ?? 1) : null;
		const outcome = await ask(server.url, index, leavesAt);
		if (leavesAt === null && outcome.sawDone) mixed.set(index, textOf(outcome));
		if (leavesAt !== null && outcome.brokeOff) left += 1;
	});
	for (const key of keys)
		await askAll(
			all.filter((index) => keyOf(index) === key && !leaves(index)),
			async (index) => void alone.set(index, textOf(await ask(server.url, index, null))),
		);
} finally {
	await server.stop();
	rmSync(folder, { recursive: true });
}
const foreign = [...alone].filter(([index, text]) => mixed.get(index) !== text);
for (const [index, text] of foreign.slice(0, 3))
	console.log(JSON.stringify({ index, mixed: mixed.get(index), alone: text }));
const texts = new Set(alone.values()).size;
console.log(`${prompts} prompts of ${keys.length} keys mixed on ${SLOTS} slots, ${left} left in the middle`);
console.log(
	`${alone.size - foreign.length} of ${alone.size} as alone (${texts} different texts), ${foreign.length} others`,
);
const isRight = foreign.length === 0 && left > 0 && mixed.size === alone.size && texts > alone.size * 0.9;
console.log(isRight ? 'OK' : 'NOT AS PROMISED');
process.exitCode = isRight ? 0 : 1;
