import { type NativeSampler, type NativeStep, STEP_DRAW, STEP_LOGITS, STEP_NOTHING, type StepRun } from './binding.ts';
import type { Generation } from './generation.ts';
import type { Ready, Share } from './step.ts';

const ONE_STEP = { steps: 1, budgetMs: 0 };
/** Numbers that tell of one slot. */
const ENTRY_LENGTH = 5;

/**
 * Decode and draws in one pool job, for binaries that hold native/step.cpp. While all slots decode, and as long as events
 * may be joined, the job goes on by itself: a small model's step is shorter than the way through this thread and back.
 */
export function createWholeStep(
	step: NativeStep,
	options: { contextTokens: number; duringDecode: () => void },
): { decode(shares: readonly Share[]): Promise<{ ready: Ready[]; steps: number }>; interrupt(): void } {
	const interrupt = new Int32Array(1);

	/** Until the first token that may lead to more than itself, or an event is due. */
	function planRun(shares: readonly Share[]): Omit<StepRun, 'interrupt'> {
		let steps = Number.POSITIVE_INFINITY;
		let budgetMs = Number.POSITIVE_INFINITY;
		const stops = new Set<number>();
		let isRun = true;
		for (const { slot, isLast, guess } of shares) {
			const { generation } = slot;
			if (!isLast || generation === null || !canDrawAtOnce(generation)) {
				isRun = false;
				continue;
			}
			if (guess.length > 0) isRun = false;
			const room = options.contextTokens - slot.tokens.length + 1;
			budgetMs = Math.min(budgetMs, generation.eventIntervalMs);
			steps = Math.min(steps, room, generation.drawsToDecision(budgetMs));
			for (const id of generation.stops) stops.add(id);
		}
		return { ...(isRun ? { steps, budgetMs } : ONE_STEP), stops: Uint32Array.from(stops) };
	}

	return {
		interrupt: () => {
			interrupt[0] = 1;
		},
		async decode(shares) {
			const ready: Ready[] = [];
			const entries = new Int32Array(shares.length * ENTRY_LENGTH);
			const samplers: NativeSampler[] = [];
			const tokens: number[] = [];
			for (const [index, share] of shares.entries()) {
				const { slot, isLast, guess } = share;
				for (const id of share.tokens) tokens.push(id);
				const batchIndex = tokens.length - 1;
				for (const id of guess) tokens.push(id);
				const { generation } = slot;
				const draws = isLast && generation !== null && canDrawAtOnce(generation);
				const wants = draws ? STEP_DRAW : isLast ? STEP_LOGITS : STEP_NOTHING;
				entries.set([slot.index, share.position, share.tokens.length, wants, guess.length], index * ENTRY_LENGTH);
				if (draws) samplers.push(slot.sampler);
				if (isLast && generation !== null)
					ready.push({ slot, generation, batchIndex, guess: draws ? [] : guess, drawn: draws ? [] : null });
			}
			interrupt[0] = 0;
			const stepped = step(entries, Uint32Array.from(tokens), samplers, { ...planRun(shares), interrupt });
			options.duringDecode();
			const drawn = await stepped;
			const drawing = ready.filter((each) => each.drawn !== null);
			let lists = 0;
			for (let at = 0; at < drawn.length; at += 1 + (drawn[at] ?? 0)) {
				drawing[lists++ % drawing.length]?.drawn?.push(...drawn.subarray(at + 1, at + 1 + (drawn[at] ?? 0)));
			}
			const steps = Math.max(1, lists / Math.max(1, drawing.length));
			for (const [index, each] of drawing.entries()) {
				const evaluated = each.drawn?.slice(0, -1) ?? [];
				for (const id of evaluated) each.slot.tokens.push(id);
				// Where logits for another draw lie. Later steps have one token a slot.
				each.batchIndex = steps > 1 ? index : each.batchIndex + evaluated.length;
			}
			return { ready, steps };
		},
	};
}

/** Nothing has to be told to its sampler before the draw, and nothing read beside it. */
function canDrawAtOnce(generation: Generation): boolean {
	return !generation.isPrefill && !generation.needsConfig && generation.request.logprobs === null;
}
