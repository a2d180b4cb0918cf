import { workerFailed } from '../errors.ts';
import type { BatchEntry } from './batch-plan.ts';
import { type Native, type NativeSampler, type NativeStep, STEP_DRAW, STEP_LOGITS, STEP_NOTHING } from './binding.ts';
import type { Generation } from './generation.ts';
import { createLogprobReader } from './logprobs.ts';
import type { Slot } from './slot.ts';
import type { Vocabulary } from './vocabulary.ts';

/** Drawn when the grammar is at its end and the vocabulary has no token to say so. */
const NO_TOKEN = -1;

/** A slot's share of a batch. */
type Share = { slot: Slot; tokens: readonly number[]; position: number; isLast: boolean };

/** A generation whose input is all evaluated. */
type Ready = {
	slot: Slot;
	generation: Generation;
	batchIndex: number;
	/** The token that the step drew already; null when it is still to be drawn. */
	drawn: number | null;
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
export function createStep(
	options: StepOptions,
): (entries: readonly BatchEntry[], slots: readonly Slot[]) => Promise<void> {
	const { native } = options;
	const { context } = native;
	const readLogprob = createLogprobReader(options.native, options.vocabulary);

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

	async function decode(shares: readonly Share[]): Promise<Ready[]> {
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
		return ready;
	}

	/** The same in one pool job, with the draws of all generations whose sampler is known to need nothing first. */
	async function decodeAndDraw(step: NativeStep, shares: readonly Share[]): Promise<Ready[]> {
		const ready: Ready[] = [];
		const entries = new Int32Array(shares.length * 4);
		const samplers: NativeSampler[] = [];
		const tokens: number[] = [];
		for (const [index, share] of shares.entries()) {
			const { slot, isLast } = share;
			tokens.push(...share.tokens);
			const { generation } = slot;
			const draws = isLast && generation !== null && canDrawAtOnce(generation);
			const wants = draws ? STEP_DRAW : isLast ? STEP_LOGITS : STEP_NOTHING;
			entries.set([slot.index, share.position, share.tokens.length, wants], index * 4);
			if (draws) samplers.push(slot.sampler);
			if (isLast && generation !== null)
				ready.push({ slot, generation, batchIndex: tokens.length - 1, drawn: draws ? samplers.length - 1 : null });
		}
		const stepped = step(entries, Uint32Array.from(tokens), samplers);
		options.duringDecode();
		const drawn = await stepped;
		return ready.map((each) => (each.drawn === null ? each : { ...each, drawn: drawn[each.drawn] ?? null }));
	}

	/** Draws until the phase machine takes a token: it refuses one at most, for an empty or an unopened phase. */
	async function draw({ slot, generation, batchIndex, drawn }: Ready): Promise<void> {
		const { logprobs } = generation.request;
		let known = drawn;
		try {
			do {
				if (known !== null) {
					if (known < NO_TOKEN) throw workerFailed('Sampling failed.');
					if (known === NO_TOKEN) generation.endOfGrammar();
					else generation.accept(known, null);
					known = null;
					continue;
				}
				if (generation.needsConfig) {
					slot.sampler.applyConfig(generation.samplerConfig());
					generation.needsConfig = generation.banned.length > 0;
				}
				const id = await context.sampleToken(batchIndex, slot.sampler);
				if (id === NO_TOKEN) generation.endOfGrammar();
				else generation.accept(id, logprobs === null ? null : await readLogprob(batchIndex, id, logprobs));
			} while (!generation.isFinished && !generation.isCancelled && generation.pending.length === 0);
		} catch (cause) {
			// A grammar that stumbles is its own request's fault; the context is whole.
			generation.fail('generation_failed', cause instanceof Error ? cause.message : 'Sampling failed.');
		}
	}

	return async (entries, slots) => {
		const shares = take(entries, slots);
		const ready = await (native.step === null ? decode(shares) : decodeAndDraw(native.step, shares));
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

/** Nothing has to be told to its sampler before the draw, and nothing read beside it. */
function canDrawAtOnce(generation: Generation): boolean {
	return !generation.isPrefill && !generation.needsConfig && generation.request.logprobs === null;
}
