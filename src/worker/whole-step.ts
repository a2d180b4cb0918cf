import { type NativeSampler, type NativeStep, STEP_DRAW, STEP_LOGITS, STEP_NOTHING, type StepRun } from './binding.ts';
import type { Generation } from './generation.ts';
import type { Ready, Share } from './step.ts';

const ONE_STEP = { steps: 1, budgetMs: 0, stops: new Uint32Array(0) };

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
		for (const { slot, isLast } of shares) {
			const { generation } = slot;
			if (!isLast || generation === null || !canDrawAtOnce(generation)) return ONE_STEP;
			const room = options.contextTokens - slot.tokens.length + 1;
			budgetMs = Math.min(budgetMs, generation.eventIntervalMs);
			steps = Math.min(steps, room, generation.drawsToDecision(budgetMs));
			for (const id of generation.stops) stops.add(id);
		}
		return { steps, budgetMs, stops: Uint32Array.from(stops) };
	}

	return {
		interrupt: () => {
			interrupt[0] = 1;
		},
		async decode(shares) {
			const ready: Ready[] = [];
			const entries = new Int32Array(shares.length * 4);
			const samplers: NativeSampler[] = [];
			const tokens: number[] = [];
			for (const [index, share] of shares.entries()) {
				const { slot, isLast } = share;
				for (const id of share.tokens) tokens.push(id);
				const { generation } = slot;
				const draws = isLast && generation !== null && canDrawAtOnce(generation);
				const wants = draws ? STEP_DRAW : isLast ? STEP_LOGITS : STEP_NOTHING;
				entries.set([slot.index, share.position, share.tokens.length, wants], index * 4);
				if (draws) samplers.push(slot.sampler);
				if (isLast && generation !== null)
					ready.push({ slot, generation, batchIndex: tokens.length - 1, drawn: draws ? [] : null });
			}
			interrupt[0] = 0;
			const stepped = step(entries, Uint32Array.from(tokens), samplers, { ...planRun(shares), interrupt });
			options.duringDecode();
			const drawn = await stepped;
			const drawing = ready.filter((each) => each.drawn !== null);
			for (const [at, id] of drawn.entries()) {
				const each = drawing[at % drawing.length];
				each?.drawn?.push(id);
				if (at < drawn.length - drawing.length) each?.slot.tokens.push(id);
			}
			const steps = drawing.length === 0 ? 1 : drawn.length / drawing.length;
			// Later steps have one token a slot: logits for another draw lie where that token stood.
			if (steps > 1) for (const [index, each] of drawing.entries()) each.batchIndex = index;
			return { ready, steps };
		},
	};
}

/** Nothing has to be told to its sampler before the draw, and nothing read beside it. */
function canDrawAtOnce(generation: Generation): boolean {
	return !generation.isPrefill && !generation.needsConfig && generation.request.logprobs === null;
}
