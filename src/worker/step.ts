import type { Native } from './binding.ts';
import { failDraw, NO_TOKEN } from './drawn-run.ts';
import type { Generation } from './generation.ts';
import { createLogprobReader } from './logprobs.ts';
import type { StepPlan } from './plan-step.ts';
import type { Slot } from './slot.ts';
import type { Speculation } from './speculation.ts';
import type { Vocabulary } from './vocabulary.ts';
import { createWholeStep } from './whole-step.ts';

/** What lies between two steps counts for the later one, up to this: more is idleness. */
const HAND_OVER_MS = 2;
/** What a row of nothing evaluates: any token. */
const NOTHING = 0;

/** A slot's share of a batch. */
export type Share = {
	slot: Slot;
	tokens: readonly number[];
	position: number;
	isLast: boolean;
	/** A row of nothing, whose cell is cut again. */
	isFilled: boolean;
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
};

/** The generation that decodes alone, where there may be guesses, and what it was at when its steps were last measured. */
type Lone = {
	share: Share;
	generation: Generation;
	speculation: Speculation;
	sinceMs: number;
	sinceToken: number;
};

export type Step = {
	/**
	 * `runsOn`: nobody waits for the step's end, so that others may follow it by themselves. Resolves to how many were made
	 * since `onSteps` was last told of some.
	 */
	run(plan: StepPlan, slots: readonly Slot[], runsOn: boolean): Promise<number>;
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
	/** Runs on this thread while another decodes: the time to write out what the step before gave. */
	duringDecode: () => void;
	/** So many steps gave what they had to give, and others follow. */
	onSteps: (steps: number) => void;
};

/**
 * Runs one batch: llama_decode for all entries, then one draw for each generation whose input is all evaluated. Rejects
 * when the decode failed; the KV cache is undefined then.
 */
export function createStep(options: StepOptions): Step {
	const { native, speculation } = options;
	let lastEndMs = 0;
	let lone: Lone | null = null;
	const { context } = native;
	const readLogprob = createLogprobReader(options.native, options.vocabulary);
	const wholeStep = native.step === null ? null : createWholeStep(native.step, { ...options, onSteps });

	/** Takes each entry's tokens from what its slot has pending. In ascending order, as the entries are. */
	function take({ entries, filled }: StepPlan, slots: readonly Slot[]): Share[] {
		const shares: Share[] = [];
		for (const { slot: index, tokens: count } of entries) {
			const slot = slots[index];
			if (slot === undefined) continue;
			const { generation, pending } = slot;
			const isLast = count === pending.length;
			const tokens = isLast ? pending : pending.slice(0, count);
			const position = slot.tokens.length;
			shares.push({ slot, tokens, position, isLast: isLast && generation !== null, isFilled: false, guess: [] });
			for (const id of tokens) slot.tokens.push(id);
			slot.pending = isLast ? [] : pending.slice(count);
			if (!isLast) generation?.reportPrefill();
		}
		for (const index of filled) {
			const slot = slots[index];
			if (slot === undefined) continue;
			const position = slot.tokens.length;
			shares.push({ slot, tokens: [NOTHING], position, isLast: false, isFilled: true, guess: [] });
		}
		return shares.sort((one, other) => one.slot.index - other.slot.index);
	}

	/**
	 * Where several decode nothing is guessed: of unequal lengths guesses cut a batch into several micro-batches, each of which
	 * reads all weights (measured: 0.68 of the tokens a second at 4 streams of the embedded model).
	 */
	function loneOf(shares: readonly Share[], sinceMs: number): Lone | null {
		const [share] = shares;
		const generation = share?.slot.generation ?? null;
		if (speculation === null || share === undefined || shares.length > 1 || generation === null) return null;
		if (!share.isLast || generation.isPrefill) return null;
		return { share, generation, speculation, sinceMs, sinceToken: share.slot.tokens.length };
	}

	/** How many more tokens have room in a batch with so many. */
	function guessRoom(slot: Slot, tokens: number): number {
		return Math.min(options.batchTokens - tokens, options.contextTokens - slot.tokens.length);
	}

	/** Adds guesses to what it decodes. */
	async function speculate({ share, generation, speculation }: Lone): Promise<void> {
		const guess = speculation.guess(share.slot, generation, guessRoom(share.slot, share.tokens.length));
		if (!(guess instanceof Promise)) {
			share.guess = guess;
			return;
		}
		options.duringDecode();
		share.guess = await guess;
	}

	/** `drawn`: tokens since the last time. */
	function observe(each: Lone, drawn: number): void {
		const now = performance.now();
		const { share, generation, speculation } = each;
		speculation.observe(generation, { ms: now - each.sinceMs, guessed: share.guess.length, right: drawn - 1 });
		each.sinceMs = now;
		each.sinceToken = share.slot.tokens.length;
	}

	function onSteps(steps: number): void {
		if (lone !== null) {
			const { share, generation, speculation, sinceToken } = lone;
			observe(lone, share.slot.tokens.length - sinceToken);
			if (speculation.hasGuess(generation, guessRoom(share.slot, 1))) wholeStep?.interrupt();
		}
		options.onSteps(steps);
	}

	async function decode(shares: readonly Share[]): Promise<{ ready: Ready[]; steps: number }> {
		const ready: Ready[] = [];
		context.initBatch(shares.reduce((sum, share) => sum + share.tokens.length + share.guess.length, 0));
		for (const { slot, tokens, position, isLast, guess } of shares) {
			const wanted = Uint32Array.from({ length: isLast ? 1 + guess.length : 0 }, (_, at) => tokens.length - 1 + at);
			const [batchIndex] = context.addToBatch(slot.index, position, Uint32Array.of(...tokens, ...guess), wanted);
			const { generation } = slot;
			if (batchIndex !== undefined && generation !== null) ready.push({ slot, generation, batchIndex, guess });
		}
		const decoded = native.decode();
		options.duringDecode();
		await decoded;
		return { ready, steps: 1 };
	}

	/** Draws until the phase machine takes a token: it refuses one at most, for an empty or an unopened phase. */
	async function draw({ slot, generation, batchIndex, guess }: Ready): Promise<void> {
		const { logprobs } = generation.request;
		/** Tokens of the guess that came true. */
		let right = 0;
		try {
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
			failDraw(generation, cause);
		}
	}

	async function run(plan: StepPlan, slots: readonly Slot[], runsOn: boolean): Promise<number> {
		const shares = take(plan, slots);
		lone = loneOf(shares, Math.max(lastEndMs, performance.now() - HAND_OVER_MS));
		if (lone !== null) await speculate(lone);
		const { ready, steps } = await (wholeStep === null ? decode(shares) : wholeStep.decode(shares, runsOn));
		const draws: Promise<void>[] = [];
		for (const each of ready) {
			const { generation } = each;
			if (generation.isCancelled) continue;
			if (generation.isPrefill) generation.begin();
			if (!generation.isFinished && generation.pending.length === 0) draws.push(draw(each));
		}
		await Promise.all(draws);
		lastEndMs = performance.now();
		// Wrong guesses, and rows of nothing.
		for (const { slot, tokens, position, guess } of shares) {
			const right = slot.tokens.length - position - tokens.length;
			if (right < guess.length) context.removeTokenCellsFromSequence(slot.index, slot.tokens.length, -1);
		}
		// The last one drawn is not in the cache yet.
		if (lone !== null) observe(lone, lone.share.slot.tokens.length - lone.sinceToken + 1);
		for (const { slot, generation } of ready) {
			if (slot.tokens.length + generation.pending.length > options.contextTokens) generation.endForLength();
		}
		return steps;
	}

	return { run, interrupt: () => wholeStep?.interrupt() };
}
