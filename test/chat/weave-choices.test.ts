import { expect, test } from 'vitest';
import type { ChatEvent } from '../../src/chat/chat-event.ts';
import { type ChoiceEvent, weaveChoices } from '../../src/chat/weave-choices.ts';
import { all } from './worker-events.ts';

const start: ChatEvent = { type: 'start', promptTokens: 1, cachedTokens: 0 };
const say = (text: string): ChatEvent => ({ type: 'content-delta', text, logprobs: null });

/** A choice that notes when it begins and when it is closed. */
function choice(name: string, events: readonly ChatEvent[], log: string[]) {
	return (async function* () {
		log.push(`${name} begins`);
		try {
			yield* events;
		} finally {
			log.push(`${name} closed`);
		}
	})();
}

const ignore = () => undefined;

test('each choice keeps its order, and the others begin behind the first token of the first', async () => {
	const log: string[] = [];
	const words = ['a', 'b', 'c'].map(say);
	const choices = [0, 1, 2].map((index) => choice(String(index), [start, ...words], log));
	const woven: ChoiceEvent[] = [];
	for await (const item of weaveChoices(choices, ignore)) {
		if (item.event.type === 'content-delta' && !log.includes('1 begins')) expect(item.index).toBe(0);
		woven.push(item);
	}
	for (const index of [0, 1, 2]) {
		expect(woven.filter((item) => item.index === index).map(({ event }) => event)).toEqual([start, ...words]);
	}
	expect(woven.slice(0, 2)).toEqual([
		{ index: 0, event: start },
		{ index: 0, event: say('a') },
	]);
	expect(log.filter((line) => line.endsWith('closed'))).toHaveLength(3);
});

test('one that has nothing to say does not keep the others from beginning', async () => {
	const woven = await all(weaveChoices([choice('0', [], []), choice('1', [start, say('x')], [])], ignore));
	expect(woven.map(({ index }) => index)).toEqual([1, 1]);
});

test('when one fails the others are cancelled, and its error is what is thrown', async () => {
	const log: string[] = [];
	let release = ignore;
	const waits = (async function* (): AsyncGenerator<ChatEvent, void, undefined> {
		await new Promise<void>((resolve) => {
			release = () => void resolve();
		});
	})();
	const fails = (async function* (): AsyncGenerator<ChatEvent, void, undefined> {
		yield say('a');
		throw new RangeError('one of them');
	})();
	const woven = weaveChoices([fails, waits, choice('2', [start], log)], (reason) => {
		log.push(`cancelled by ${String(reason)}`);
		release();
	});
	await expect(all(woven)).rejects.toThrow('one of them');
	expect(log).toContain('cancelled by RangeError: one of them');
});

test('when the reader leaves all of them are closed', async () => {
	const log: string[] = [];
	const forever = (name: string) =>
		choice(
			name,
			Array.from({ length: 100 }, () => say('x')),
			log,
		);
	let seen = 0;
	for await (const _ of weaveChoices([forever('0'), forever('1')], ignore)) if (++seen === 6) break;
	expect(log.filter((line) => line.endsWith('closed')).sort()).toEqual(['0 closed', '1 closed']);
});
