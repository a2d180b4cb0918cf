import { expect, test } from 'vitest';
import { internalError, overloaded } from '../../src/errors.ts';
import type { Answer } from '../../src/gateway/answer.ts';
import { IdempotentAnswers } from '../../src/gateway/idempotent-answers.ts';
import { until } from '../support/until.ts';

const nobodyLeaves = () => new AbortController().signal;

function answersOf(limits: { orphanMs?: number; maxEntries?: number; maxBytes?: number } = {}) {
	const clock = { ms: 0 };
	const answers = new IdempotentAnswers(
		{ ttlMs: 1000, orphanMs: 60_000, maxEntries: 10, maxBytes: 1e6, ...limits },
		() => clock.ms,
	);
	let begun = 0;
	const ask = (name: string, digest = 'd', body: unknown = 'x') =>
		answers.answer({
			name,
			digest,
			reader: nobodyLeaves(),
			make: async () => {
				begun += 1;
				return { type: 'whole', body };
			},
		});
	return { answers, clock, ask, begun: () => begun };
}

function streamOf(values: AsyncGenerator<unknown>, hasFailed = false): Answer {
	return {
		type: 'stream',
		values,
		options: {
			heartbeatMs: 60_000,
			slowReaderMs: 60_000,
			toError: internalError,
			onClose: async () => {},
			hasFailed: () => hasFailed,
		},
	};
}

async function read(answer: Answer): Promise<unknown[]> {
	const list: unknown[] = [];
	if (answer.type === 'stream') for await (const value of answer.values) list.push(value);
	return list;
}

test('one name begins one generation, until its time is over', async () => {
	const { ask, begun, clock } = answersOf();
	expect(await Promise.all([ask('a'), ask('a')])).toEqual([
		{ type: 'whole', body: 'x' },
		{ type: 'whole', body: 'x' },
	]);
	await ask('a');
	expect(begun()).toBe(1);
	await ask('b');
	expect(begun()).toBe(2);
	clock.ms = 1000;
	await ask('a');
	expect(begun()).toBe(3);
});

test('one name for two things is refused', async () => {
	const { ask } = answersOf();
	await ask('a', 'one');
	await expect(ask('a', 'two')).rejects.toMatchObject({ status: 400, code: 'idempotency_key_reused' });
});

test('a refusal before the first byte is not kept', async () => {
	const { answers, ask } = answersOf();
	const make = async () => {
		throw overloaded('No.');
	};
	const request = { name: 'a', digest: 'd', reader: nobodyLeaves(), make };
	await expect(Promise.all([answers.answer(request), answers.answer(request)])).rejects.toMatchObject({
		code: 'overloaded',
	});
	expect(answers.size).toBe(0);
	expect(await ask('a')).toEqual({ type: 'whole', body: 'x' });
});

test.each([
	['throws', false],
	['tells it as a value', true],
])('a stream that fails and %s is read to its failure, and not kept', async (_, tells) => {
	const { answers } = answersOf();
	async function* broken() {
		yield 'a';
		if (!tells) throw new Error('broken');
	}
	const make = async () => streamOf(broken(), tells);
	const answer = await answers.answer({ name: 'a', digest: 'd', reader: nobodyLeaves(), make });
	if (tells) expect(await read(answer)).toEqual(['data: "a"\n\n']);
	else await expect(read(answer)).rejects.toMatchObject({ code: 'internal_error' });
	expect(answers.size).toBe(0);
});

test('too many or too much: the oldest that are over go', async () => {
	const few = answersOf({ maxEntries: 2 });
	for (const name of ['a', 'b', 'c']) await few.ask(name);
	expect(few.answers.size).toBe(2);
	await few.ask('a');
	expect(few.begun()).toBe(4);
	const small = answersOf({ maxBytes: 1000 });
	await small.ask('a', 'd', 'x'.repeat(2000));
	await small.ask('b');
	expect(small.answers.size).toBe(1);
});

test('a generation that nobody reads any more ends, one that somebody joins goes on', async () => {
	const { answers } = answersOf({ orphanMs: 0 });
	let signal: AbortSignal = nobodyLeaves();
	async function* endless(abort: AbortController) {
		signal = abort.signal;
		yield 'a';
		await new Promise((resolve) => abort.signal.addEventListener('abort', resolve));
		throw abort.signal.reason;
	}
	const make = async (abort: AbortController) => streamOf(endless(abort));
	const [first, second] = [new AbortController(), new AbortController()];
	await answers.answer({ name: 'a', digest: 'd', reader: first.signal, make });
	await answers.answer({ name: 'a', digest: 'd', reader: second.signal, make });
	first.abort();
	await new Promise(setImmediate);
	expect(signal.aborted).toBe(false);
	second.abort();
	await until(() => signal.aborted && answers.size === 0);
});
