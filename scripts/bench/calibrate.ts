import { configError } from '../../src/errors.ts';
import { seededRandom } from './random.ts';
import { requestBody } from './request-body.ts';
import { runRequest } from './run-request.ts';
import type { Target } from './target.ts';
import { randomWords } from './words.ts';

/**
 * Asks the endpoint how many tokens words are: two prompts of known length, told apart by their usage. Returns the
 * number of words that makes a prompt of so many tokens, template included.
 */
export async function calibrateWords(target: Target): Promise<(tokens: number) => number> {
	const random = seededRandom('calibration');
	const measure = async (words: number): Promise<number> => {
		const turn = {
			label: 'calibration',
			user: randomWords(random, words).join(' '),
			maxTokens: 1,
			thinkingTokens: null,
			pauseMs: 0,
			abortAfterDeltas: null,
		};
		const messages = [{ role: 'user' as const, content: turn.user }];
		const body = requestBody(turn, messages, {
			model: target.model,
			stream: false,
			seed: 1,
			bannedTokens: [],
			extra: {},
		});
		const { signal, ...rest } = { signal: null, label: 'calibration', turn: 0, followsAbort: false };
		const record = await runRequest(target, { ...rest, signal, body, abortAfterDeltas: null, keepsContent: false });
		if (record.error !== null || record.promptTokens === null)
			throw configError(`${target.origin}: ${record.error ?? 'the answer has no usage'}`);
		return record.promptTokens;
	};
	const short = await measure(50);
	const long = await measure(350);
	const perWord = Math.max((long - short) / 300, 0.01);
	const frame = short - 50 * perWord;
	return (tokens) => Math.max(1, Math.round((tokens - frame) / perWord));
}
