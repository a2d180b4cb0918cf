import type { NativeContext, NativeSampler } from './binding.ts';

/**
 * Whole steps in one call, of native/step.cpp: in the binary of `retort native build` and in no other. `entries`
 * holds five numbers a slot, slots ascending: sequence, first position, count of its `tokens`, what becomes of the last of
 * them (STEP_NOTHING, STEP_LOGITS, STEP_DRAW; or STEP_FILL), and how many more tokens follow as guesses. A draw goes on along the
 * guesses as long as they are what comes out. Resolves to what each of `samplers` drew, for each step: a count, and so many
 * tokens; -1 when the grammar leaves nothing, -2 when that sampler failed. All but a slot's very last token are in the
 * cache then, and so are wrong guesses and the last row of nothing. Rejects as `decode` does.
 */
export type NativeStep = (
	entries: Int32Array,
	tokens: Uint32Array,
	samplers: readonly NativeSampler[],
	run: StepRun,
) => Promise<Int32Array>;

/** How far steps follow each other in one call, when all entries draw or fill and none has guesses. */
export type StepRun = {
	/** At most so many. */
	steps: number;
	/** Before a step that would end later than so long after the last time, `onDrawn` is told. */
	tellMs: number;
	/** Tokens after which this thread decides; what ends the generation is always among them. */
	stops: Uint32Array;
	/** Its first element, set to 1, ends the run after the step under way. */
	interrupt: Int32Array;
	/**
	 * What was drawn since the last time, as the result has it, which holds the rest. These tokens are in the cache, or will be
	 * with the step under way. Must not throw.
	 */
	onDrawn(drawn: Int32Array): void;
};

/** What becomes of a slot's last token in a step. */
export const STEP_NOTHING = 0;
export const STEP_LOGITS = 1;
export const STEP_DRAW = 2;
/** One token at the slot's end, in every step of a run again. */
export const STEP_FILL = 3;

/** So many micro-batches, what a context's `batchSize` asks for, fit one batch of such a binary. */
export const MICRO_BATCHES = 4;

/** Of the contract above; the `retortStepVersion` of a binary that keeps it. */
export const STEP_VERSION = 7;

/**
 * `retortCheckKernels()` of such a binary tells how far products and attention as this processor computes them are from plain
 * ones: in the squares, relatively. ggml's own attention keeps sums in 16 bits, hence this limit; a slip is percents.
 */
export const KERNEL_ERROR = 1e-4;

/** Whether this is a binary of `retort native build`, and of this version. */
export function isNativeBuild(bindings: object): boolean {
	return Reflect.get(bindings, 'retortStepVersion') === STEP_VERSION;
}

/** Both on one thread, native/step.cpp's own; null in other binaries. */
export function bindSteps(
	bindings: object,
	context: NativeContext,
): { decode(): Promise<unknown>; step: NativeStep; microBatches: number } | null {
	const step: unknown = Reflect.get(bindings, 'retortStep');
	const decode: unknown = Reflect.get(bindings, 'retortDecode');
	if (!isNativeBuild(bindings) || typeof step !== 'function' || typeof decode !== 'function') return null;
	return {
		microBatches: MICRO_BATCHES,
		decode: () => Reflect.apply(decode, null, [context]),
		step: (entries, tokens, samplers, { steps, tellMs, stops, interrupt, onDrawn }) =>
			Reflect.apply(step, null, [context, entries, tokens, samplers, steps, tellMs, stops, interrupt, onDrawn]),
	};
}
