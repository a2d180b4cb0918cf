import { workerFailed } from '../errors.ts';
import type { BatchEntry } from './batch-plan.ts';
import type { Native } from './binding.ts';
import type { Generation } from './generation.ts';
import { createLogprobReader } from './logprobs.ts';
import type { Slot } from './slot.ts';
import type { Speculation } from './speculation.ts';
import type { Vocabulary } from './vocabulary.ts';
import { createWholeStep } from './whole-step.ts';

/** Drawn when the grammar is at its end and the vocabulary has no token to say so. */
const NO_TOKEN = -1;
/** What lies between two steps counts for the later one, up to this: more is idleness. */
const HAND_OVER_MS = 2;

/** A slot's share of a batch. */
export type Share = {
	slot: Slot;
	tokens: readonly number[];
	position: number;
	isLast: boolean;
	/** What may come after them, to be verified in the same batch. */
	guess: readonly number[];
};

/** A generation whose input is all evaluated. */
export type Ready = {
	slot: Slot;
	generation: Generation;
	/** Where its logits lie, and those after each token of the guess behind them. */
	batchIndex: number;
	guess: readonly number[];
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
	/** Null for no guesses. The cache has to be of a kind that can be cut. */
	speculation: Speculation | null;
	/** Tokens of a batch at most. */
	batchTokens: number;
	/** Runs on this thread while a pool thread decodes: the time to write out what the step before gave. */
	duringDecode: () => void;
};

/**
 * Runs one batch: llama_decode for all entries, then one draw for each generation whose input is all evaluated. Rejects
 * when the decode failed; the KV cache is undefined then.
 */
export function createStep(options: StepOptions): Step {
	const { native, speculation } = options;
	let lastEndMs = 0;
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
			const position = slot.tokens.length;
			shares.push({ slot, tokens, position, isLast: isLast && generation !== null, guess: [] });
			for (const id of tokens) slot.tokens.push(id);
			slot.pending = isLast ? [] : pending.slice(count);
			if (!isLast) generation?.reportPrefill();
		}
		return shares;
	}

	/**
	 * The generation that decodes alone, with its share. Where several decode nothing is guessed: of unequal lengths guesses
	 * cut a batch into several micro-batches, each of which reads all weights (measured: 0.68 of the tokens a second at 4
	 * streams of the embedded model).
	 */
	function loneOf(shares: readonly Share[]): { share: Share; generation: Generation } | null {
		const [share] = shares;
		const generation = share?.slot.generation ?? null;
		if (share === undefined || shares.length > 1 || generation === null) return null;
		return share.isLast && !generation.isPrefill ? { share, generation } : null;
	}

	/** Adds guesses to what it decodes. */
	async function speculate({ share, generation }: { share: Share; generation: Generation }): Promise<void> {
		const { slot, tokens } = share;
		const most = Math.min(options.batchTokens - tokens.length, options.contextTokens - slot.tokens.length);
		const guess = speculation?.guess(slot, generation, most) ?? [];
		if (!(guess instanceof Promise)) {
			share.guess = guess;
			return;
		}
		options.duringDecode();
		share.guess = await guess;
	}

	async function decode(shares: readonly Share[]): Promise<{ ready: Ready[]; steps: number }> {
		const ready: Ready[] = [];
		context.initBatch(shares.reduce((sum, share) => sum + share.tokens.length + share.guess.length, 0));
		for (const { slot, tokens, position, isLast, guess } of shares) {
			const wanted = Uint32Array.from({ length: isLast ? 1 + guess.length : 0 }, (_, at) => tokens.length - 1 + at);
			const [batchIndex] = context.addToBatch(slot.index, position, Uint32Array.of(...tokens, ...guess), wanted);
			const { generation } = slot;
			if (batchIndex !== undefined && generation !== null)
				ready.push({ slot, generation, batchIndex, guess, drawn: null });
		}
		const decoded = context.decodeBatch();
		options.duringDecode();
		await decoded;
		return { ready, steps: 1 };
	}

	/** Draws until the phase machine takes a token: it refuses one at most, for an empty or an unopened phase. */
	async function draw({ slot, generation, batchIndex, guess, drawn }: Ready): Promise<void> {
		const { logprobs } = generation.request;
		/** Tokens of the guess that came true. */
		let right = 0;
		try {
			if (drawn !== null) acceptRun(slot, generation, drawn);
			while (!generation.isFinished && !generation.isCancelled && generation.pending.length === 0) {
				if (generation.needsConfig) {
					slot.sampler.applyConfig(generation.samplerConfig());
					generation.needsConfig = generation.banned.length > 0;
				}
				const at = batchIndex + right;
				const id = await context.sampleToken(at, slot.sampler);
				if (id === NO_TOKEN) generation.endOfGrammar();
				else generation.accept(id, logprobs === null ? null : await readLogprob(at, id, logprobs));
				const [, ...forced] = generation.pending;
				if (id !== guess[right] || forced.length > 0 || generation.banned.length > 0) continue;
				// Evaluated already, and what comes after it lies ready.
				slot.tokens.push(id);
				generation.pending = [];
				right++;
			}
		} catch (cause) {
			// A grammar that stumbles is its own request's fault; the context is whole.
			generation.fail('generation_failed', cause instanceof Error ? cause.message : 'Sampling failed.');
		}
	}

	async function run(entries: readonly BatchEntry[], slots: readonly Slot[]): Promise<number> {
		const shares = take(entries, slots);
		const startedMs = Math.max(lastEndMs, performance.now() - HAND_OVER_MS);
		const lone = speculation === null ? null : loneOf(shares);
		if (lone !== null) await speculate(lone);
		const { ready, steps } = await (wholeStep === null ? decode(shares) : wholeStep.decode(shares));
		const draws: Promise<void>[] = [];
		for (const each of ready) {
			const { generation } = each;
			if (generation.isCancelled) continue;
			if (generation.isPrefill) generation.begin();
			if (!generation.isFinished && generation.pending.length === 0) draws.push(draw(each));
		}
		await Promise.all(draws);
		lastEndMs = performance.now();
		for (const { slot, tokens, position, guess } of shares) {
			const right = slot.tokens.length - position - tokens.length;
			if (right < guess.length) context.removeTokenCellsFromSequence(slot.index, slot.tokens.length, -1);
			const ms = lastEndMs - startedMs;
			if (lone !== null) speculation?.observe(lone.generation, { ms, guessed: guess.length, right });
		}
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
