import type { Native } from './binding.ts';
import { createPrefillPace } from './prefill-pace.ts';
import { commonPrefix } from './slot-table.ts';

/** Below this chance of its best token a guess is more likely to cost than to save. llama.cpp's `--draft-p-min`. */
const LEAST_PROBABILITY = 0.75;

/** A smaller model of the same vocabulary, which says what the larger one is likely to say. One text at a time. */
export type DraftModel = {
	/** Reads what it does not know of a text yet, as much as a stream may wait for; resolves to false while there is more. */
	follow(text: readonly number[]): Promise<boolean>;
	/** What comes next, as long as it is sure of it; `most` tokens. For the text that it followed to the end. */
	guess(most: number): Promise<number[]>;
};

/** `native` has one sequence, as long as the larger model's. Ids from `vocabularySize` on mean nothing to that. */
export function createDraftModel(native: Native, options: { batchTokens: number; vocabularySize: number }): DraftModel {
	const { context } = native;
	const sampler = native.createSampler();
	sampler.applyConfig({ temperature: 0 });
	const { batchTokens } = options;
	const pace = createPrefillPace({ sliceTokens: batchTokens, batchTokens });
	context.disposeSequence(0);
	const known: number[] = [];
	/** Where the logits after the last token lie. */
	let batchIndex = 0;

	async function read(tokens: readonly number[]): Promise<void> {
		context.initBatch(tokens.length);
		const [at = 0] = context.addToBatch(0, known.length, Uint32Array.from(tokens), Uint32Array.of(tokens.length - 1));
		for (const id of tokens) known.push(id);
		await native.decode();
		batchIndex = at;
	}

	function cutBack(length: number): void {
		if (length === known.length) return;
		const isCut = length > 0 && context.removeTokenCellsFromSequence(0, length, -1);
		if (!isCut) context.disposeSequence(0);
		known.length = isCut ? length : 0;
	}

	return {
		async follow(text) {
			// The last token is read in any case: its logits are what is asked for.
			cutBack(Math.min(commonPrefix(known, text), text.length - 1));
			const most = pace.sliceTokens({ decoding: 1, reading: 1 });
			const next = text.slice(known.length, known.length + most);
			const startedMs = performance.now();
			await read(next);
			pace.observe({ ms: performance.now() - startedMs, promptTokens: next.length, decodes: false });
			return known.length === text.length;
		},
		async guess(most) {
			const guess: number[] = [];
			while (guess.length < most) {
				const [id, , , , weight = Number.POSITIVE_INFINITY] = await context.sampleToken(
					batchIndex,
					sampler,
					false,
					false,
					[[], false, false, false, 0],
					true,
				);
				// The sum of exp(logit - highest): the best token's own share of it is 1.
				if (id < 0 || id >= options.vocabularySize || 1 / weight < LEAST_PROBABILITY) break;
				guess.push(id);
				if (guess.length < most) await read([id]);
			}
			return guess;
		},
	};
}
