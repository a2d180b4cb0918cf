import { gapsToFill, type RowCosts } from './batch-gaps.ts';
import { type BatchCandidate, type BatchEntry, planBatch, ROWS } from './batch-plan.ts';
import type { PrefillPace } from './prefill-pace.ts';
import type { Slot } from './slot.ts';

export type StepPlan = {
	entries: BatchEntry[];
	/** Slots between those that decode, for a row of nothing each. */
	filled: number[];
	/** Tokens of decoding streams that wait for the batch. */
	decodingTokens: number;
	/** The batch holds prompt tokens: it may take long. */
	readsPrompts: boolean;
	/** It serves nobody who is there. */
	onlyWarmsUp: boolean;
};

/** Tokens of a next turn's prompt in one batch: what a request that arrives meanwhile may have to wait for. */
const WARM_UP_SLICE_TOKENS = 64;

/** Whether next turns' prompts are evaluated: also beside requests that run, only when none does, or not any more. */
export type WarmUps = 'always' | 'alone' | 'never';

/** `contextTokens`: of a slot. */
export type StepLimits = { pace: PrefillPace; rows: RowCosts; batchTokens: number; contextTokens: number };

/** The next batch over what the slots hold: running requests, and one idle slot's warm-up when nobody waits for a prompt. */
export function planStep(slots: readonly Slot[], limits: StepLimits & { warmUps: WarmUps }): StepPlan {
	const { pace, batchTokens } = limits;
	const candidates: BatchCandidate[] = [];
	let decodingTokens = 0;
	let idle: Slot | null = null;
	const streams = { decoding: 0, reading: 0, promptTokens: 0 };
	for (const slot of slots) {
		const { index, generation, warmUp } = slot;
		if (generation === null) {
			if (warmUp.length > 0 && (idle === null || slot.lastUsed < idle.lastUsed)) idle = slot;
			continue;
		}
		const { pending, isPrefill, order } = generation;
		if (slot.follows !== null || generation.isPaused || generation.isFinished || pending.length === 0) continue;
		if (isPrefill) {
			streams.reading++;
			streams.promptTokens += pending.length;
		} else {
			streams.decoding++;
			decodingTokens += pending.length;
		}
		candidates.push({ slot: index, pending: pending.length, isPrefill, order });
	}
	const isAsked = candidates.length > 0;
	const warmsUp = limits.warmUps === 'always' || (limits.warmUps === 'alone' && !isAsked);
	// A prompt that somebody waits for comes before one that somebody may send.
	if (idle !== null && streams.reading === 0 && warmsUp) {
		// As if somebody decoded: whoever comes now waits for it. Alone better slow than long; beside others few rows cost too much.
		const most = pace.sliceTokens({ decoding: 1, reading: 1 }, isAsked ? undefined : ROWS);
		const pending = Math.min(idle.warmUp.length, WARM_UP_SLICE_TOKENS, most);
		candidates.push({ slot: idle.index, pending, isPrefill: true, order: Number.MAX_SAFE_INTEGER });
		streams.reading = 1;
	}
	const entries = planBatch(candidates, { batchTokens, sliceTokens: pace.sliceTokens(streams) });
	const filled = fillGaps(entries, slots, limits);
	const readsPrompts = streams.reading > 0;
	return { entries, filled, decodingTokens, readsPrompts, onlyWarmsUp: !isAsked && entries.length > 0 };
}

/**
 * Not on the way to a slot that reads its prompt: most of that is a micro-batch of its own anyway. A slot whose cache is full has
 * no place for a row, and its gap stays open.
 */
function fillGaps(
	entries: readonly BatchEntry[],
	slots: readonly Slot[],
	{ rows, batchTokens, contextTokens }: StepLimits,
): number[] {
	const taken = new Set(entries.map(({ slot }) => slot));
	const decoding = entries.filter(({ slot }) => slots[slot]?.generation?.isPrefill === false);
	const gaps = gapsToFill(
		decoding.map(({ slot }) => slot),
		rows,
	).map((gap) => gap.filter((slot) => !taken.has(slot)));
	const hasRoom = (slot: number) => (slots[slot]?.tokens.length ?? contextTokens) < contextTokens;
	const filled = gaps.filter((gap) => gap.every(hasRoom)).flat();
	const tokens = entries.reduce((sum, entry) => sum + entry.tokens, 0);
	return tokens + filled.length <= batchTokens ? filled : [];
}
