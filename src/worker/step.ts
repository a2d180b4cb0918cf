import type { BatchEntry } from './batch-plan.ts';
import type { Native } from './binding.ts';
import type { Generation } from './generation.ts';
import { createLogprobReader } from './logprobs.ts';
import type { Slot } from './slot.ts';
import type { Vocabulary } from './vocabulary.ts';

type Ready = { slot: Slot; generation: Generation; batchIndex: number };

export type StepOptions = {
	native: Native;
	vocabulary: Vocabulary;
	contextTokens: number;
	/** Runs on this thread while a pool thread decodes: the time to write out what the step before gave. */
	duringDecode: () => void;
};

/**
 * Runs one batch: llama_decode for all entries, then one draw for each generation whose input is all evaluated. Rejects
 * when the decode failed; the KV cache is undefined then.
 */
export function createStep(
	options: StepOptions,
): (entries: readonly BatchEntry[], slots: readonly Slot[]) => Promise<void> {
	const { context } = options.native;
	const readLogprob = createLogprobReader(options.native, options.vocabulary);

	function fill(entries: readonly BatchEntry[], slots: readonly Slot[]): Ready[] {
		const ready: Ready[] = [];
		context.initBatch(entries.reduce((sum, entry) => sum + entry.tokens, 0));
		for (const { slot: index, tokens: count } of entries) {
			const slot = slots[index];
			if (slot === undefined) continue;
			const { generation, pending } = slot;
			const isLast = count === pending.length;
			const tokens = isLast ? pending : pending.slice(0, count);
			const wanted = isLast && generation !== null ? Uint32Array.of(count - 1) : new Uint32Array(0);
			const [batchIndex] = context.addToBatch(index, slot.tokens.length, Uint32Array.from(tokens), wanted);
			for (const id of tokens) slot.tokens.push(id);
			slot.pending = isLast ? [] : pending.slice(count);
			if (generation === null) continue;
			if (batchIndex === undefined) generation.reportPrefill();
			else ready.push({ slot, generation, batchIndex });
		}
		return ready;
	}

	/** Draws until the phase machine takes a token: it refuses one at most, for an empty or an unopened phase. */
	async function draw({ slot, generation, batchIndex }: Ready): Promise<void> {
		const { logprobs } = generation.request;
		try {
			do {
				if (generation.needsConfig) {
					slot.sampler.applyConfig(generation.samplerConfig());
					generation.needsConfig = generation.banned.length > 0;
				}
				const id = await context.sampleToken(batchIndex, slot.sampler);
				// -1: the grammar is at its end and the vocabulary has no token to say so.
				if (id < 0) generation.endOfGrammar();
				else generation.accept(id, logprobs === null ? null : await readLogprob(batchIndex, id, logprobs));
			} while (!generation.isFinished && !generation.isCancelled && generation.pending.length === 0);
		} catch (cause) {
			// A grammar that stumbles is its own request's fault; the context is whole.
			generation.fail('generation_failed', cause instanceof Error ? cause.message : 'Sampling failed.');
		}
	}

	return async (entries, slots) => {
		const ready = fill(entries, slots);
		const decoded = context.decodeBatch();
		options.duringDecode();
		await decoded;
		const draws: Promise<void>[] = [];
		for (const each of ready) {
			const { generation } = each;
			if (generation.isCancelled) continue;
			if (generation.isPrefill) generation.begin();
			if (!generation.isFinished && generation.pending.length === 0) draws.push(draw(each));
		}
		await Promise.all(draws);
		for (const { slot, generation } of ready) {
			if (slot.tokens.length + generation.pending.length > options.contextTokens) generation.endForLength();
		}
	};
}
