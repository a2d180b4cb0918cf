import { workerFailed } from '../errors.ts';
import type { BatchEntry } from './batch-plan.ts';
import type { Native } from './binding.ts';
import type { Generation } from './generation.ts';
import { createLogprobReader } from './logprobs.ts';
import type { Slot } from './slot.ts';
import type { Vocabulary } from './vocabulary.ts';
import { createWholeStep } from './whole-step.ts';

/** Drawn when the grammar is at its end and the vocabulary has no token to say so. */
const NO_TOKEN = -1;

/** A slot's share of a batch. */
export type Share = { slot: Slot; tokens: readonly number[]; position: number; isLast: boolean };

/** A generation whose input is all evaluated. */
export type Ready = {
	slot: Slot;
	generation: Generation;
	/** Where its logits lie. */
	batchIndex: number;
	/** The tokens that the step drew already, one after another; null when one is still to be drawn. */
	drawn: number[] | null;
};

export type Step = {
	/** Resolves to how many steps were made: more than one where nobody had to be asked between them. */
	run(entries: readonly BatchEntry[], slots: readonly Slot[]): Promise<number>;
	/** Somebody waits: steps under way end as soon as they can. */
	interrupt(): void;
};

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
export function createStep(options: StepOptions): Step {
	const { native } = options;
	const { context } = native;
	const readLogprob = createLogprobReader(options.native, options.vocabulary);
	const wholeStep = native.step === null ? null : createWholeStep(native.step, options);

	/** Takes each entry's tokens from what its slot has pending. */
	function take(entries: readonly BatchEntry[], slots: readonly Slot[]): Share[] {
		const shares: Share[] = [];
		for (const { slot: index, tokens: count } of entries) {
			const slot = slots[index];
			if (slot === undefined) continue;
			const { generation, pending } = slot;
			const isLast = count === pending.length;
			const tokens = isLast ? pending : pending.slice(0, count);
			shares.push({ slot, tokens, position: slot.tokens.length, isLast: isLast && generation !== null });
			for (const id of tokens) slot.tokens.push(id);
			slot.pending = isLast ? [] : pending.slice(count);
			if (!isLast) generation?.reportPrefill();
		}
		return shares;
	}

	async function decode(shares: readonly Share[]): Promise<{ ready: Ready[]; steps: number }> {
		const ready: Ready[] = [];
		context.initBatch(shares.reduce((sum, share) => sum + share.tokens.length, 0));
		for (const { slot, tokens, position, isLast } of shares) {
			const wanted = isLast ? Uint32Array.of(tokens.length - 1) : new Uint32Array(0);
			const [batchIndex] = context.addToBatch(slot.index, position, Uint32Array.from(tokens), wanted);
			const { generation } = slot;
			if (batchIndex !== undefined && generation !== null) ready.push({ slot, generation, batchIndex, drawn: null });
		}
		const decoded = context.decodeBatch();
		options.duringDecode();
		await decoded;
		return { ready, steps: 1 };
	}

	/** Draws until the phase machine takes a token: it refuses one at most, for an empty or an unopened phase. */
	async function draw({ slot, generation, batchIndex, drawn }: Ready): Promise<void> {
		const { logprobs } = generation.request;
		try {
			if (drawn !== null) acceptRun(slot, generation, drawn);
			while (!generation.isFinished && !generation.isCancelled && generation.pending.length === 0) {
				if (generation.needsConfig) {
					slot.sampler.applyConfig(generation.samplerConfig());
					generation.needsConfig = generation.banned.length > 0;
				}
				const id = await context.sampleToken(batchIndex, slot.sampler);
				if (id === NO_TOKEN) generation.endOfGrammar();
				else generation.accept(id, logprobs === null ? null : await readLogprob(batchIndex, id, logprobs));
			}
		} catch (cause) {
			// A grammar that stumbles is its own request's fault; the context is whole.
			generation.fail('generation_failed', cause instanceof Error ? cause.message : 'Sampling failed.');
		}
	}

	async function run(entries: readonly BatchEntry[], slots: readonly Slot[]): Promise<number> {
		const shares = take(entries, slots);
		const { ready, steps } = await (wholeStep === null ? decode(shares) : wholeStep.decode(shares));
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
		return steps;
	}

	return { run, interrupt: () => wholeStep?.interrupt() };
}

/** Takes what steps in a row drew for a slot. All tokens but the last are in the cache already. */
function acceptRun(slot: Slot, generation: Generation, drawn: readonly number[]): void {
	const last = drawn.length - 1;
	for (const [at, id] of drawn.entries()) {
		if (id < NO_TOKEN) throw workerFailed('Sampling failed.');
		if (id === NO_TOKEN) generation.endOfGrammar();
		else generation.accept(id, null);
		if (at === last || generation.isFinished || generation.isCancelled) return;
		const [, ...forced] = generation.pending;
		generation.pending = [];
		if (forced.length === 0) continue;
		// The phase was ended from outside meanwhile: what was drawn after this token is void.
		const kept = slot.tokens.slice(0, slot.tokens.length - (last - at - 1));
		slot.rewind(kept.length);
		generation.pending = [...kept.slice(slot.tokens.length), ...forced];
		return;
	}
}
