import type { NativeSampler } from './binding.ts';
import { DrawnRun } from './drawn-run.ts';
import type { Generation } from './generation.ts';
import { type NativeStep, STEP_DRAW, STEP_FILL, STEP_LOGITS, STEP_NOTHING, type StepRun } from './native-step.ts';
import type { Ready, Share } from './step.ts';

const ONE_STEP = { steps: 1, tellMs: 0 };
/** Numbers that tell of one slot. */
const ENTRY_LENGTH = 5;

export type WholeStepOptions = {
	contextTokens: number;
	duringDecode: () => void;
	/** So many steps of a run are over, and their tokens were taken; it goes on. */
	onSteps: (steps: number) => void;
};

export type WholeStep = {
	/** `runsOn`: further steps may follow by themselves. Resolves with the steps since `onSteps` was last told of some. */
	decode(shares: readonly Share[], runsOn: boolean): Promise<{ ready: Ready[]; steps: number }>;
	/** Ends the run after the step under way. */
	interrupt(): void;
};

/**
 * Decode and draws in one call, for binaries that hold native/step.cpp. While all slots decode, steps follow each other by
 * themselves: this thread takes in what they drew while the next one is under way.
 */
export function createWholeStep(step: NativeStep, options: WholeStepOptions): WholeStep {
	const interrupt = new Int32Array(1);

	/** Until the first token that may lead to more than itself. */
	function planRun(shares: readonly Share[], runsOn: boolean): Pick<StepRun, 'steps' | 'tellMs' | 'stops'> {
		let steps = Number.POSITIVE_INFINITY;
		let tellMs = Number.POSITIVE_INFINITY;
		const stops = new Set<number>();
		let isRun = runsOn;
		for (const { slot, isLast, isFilled, guess } of shares) {
			if (isFilled) continue;
			const { generation } = slot;
			if (!isLast || generation === null || !canDrawAtOnce(generation)) {
				isRun = false;
				continue;
			}
			if (guess.length > 0) isRun = false;
			const room = options.contextTokens - slot.tokens.length + 1;
			tellMs = Math.min(tellMs, generation.eventIntervalMs);
			steps = Math.min(steps, room, generation.drawsToDecision(tellMs));
			for (const id of generation.stops) stops.add(id);
		}
		return { ...(isRun ? { steps, tellMs } : ONE_STEP), stops: Uint32Array.from(stops) };
	}

	return {
		interrupt: () => {
			interrupt[0] = 1;
		},
		async decode(shares, runsOn) {
			const ready: Ready[] = [];
			const drawing: { each: Ready; run: DrawnRun; index: number }[] = [];
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
				const wants = share.isFilled ? STEP_FILL : draws ? STEP_DRAW : isLast ? STEP_LOGITS : STEP_NOTHING;
				entries.set([slot.index, share.position, share.tokens.length, wants, guess.length], index * ENTRY_LENGTH);
				if (!isLast || generation === null) continue;
				const each = { slot, generation, batchIndex, guess: draws ? [] : guess };
				ready.push(each);
				if (!draws) continue;
				samplers.push(slot.sampler);
				drawing.push({ each, run: new DrawnRun(slot, generation), index });
			}
			let isRun = false;
			const failures: unknown[] = [];
			/** The steps under way end before what happens here beside them is thrown. */
			const beside = (act: () => void) => {
				try {
					act();
				} catch (cause) {
					failures.push(cause);
					interrupt[0] = 1;
				}
			};
			const onDrawn = (drawn: Int32Array) => {
				isRun = true;
				beside(() => {
					const { ids, steps } = parseDrawn(drawn, drawing.length);
					for (const [at, { run }] of drawing.entries()) run.follow(ids[at] ?? []);
					if (drawing.some(({ run }) => !run.goesOn)) interrupt[0] = 1;
					options.onSteps(steps);
				});
			};
			interrupt[0] = 0;
			const run = { ...planRun(shares, runsOn), interrupt, onDrawn };
			const stepped = step(entries, Uint32Array.from(tokens), samplers, run);
			beside(options.duringDecode);
			const { ids, steps } = parseDrawn(await stepped, drawing.length);
			if (failures.length > 0) throw failures[0];
			isRun ||= steps > 1;
			for (const [at, { each, run, index }] of drawing.entries()) {
				run.end(ids[at] ?? []);
				// Where logits for another draw lie. Later steps have one token an entry.
				each.batchIndex = isRun ? index : each.batchIndex + (ids[at]?.length ?? 1) - 1;
			}
			return { ready, steps };
		},
	};
}

/** What each of `slots` drew. `drawn` has one list a step and slot, steps outermost: how many tokens, and the tokens. */
function parseDrawn(drawn: Int32Array, slots: number): { ids: number[][]; steps: number } {
	const ids: number[][] = Array.from({ length: slots }, () => []);
	let lists = 0;
	for (let at = 0; at < drawn.length; lists++) {
		const end = at + 1 + (drawn[at] ?? 0);
		ids[lists % slots]?.push(...drawn.subarray(at + 1, end));
		at = end;
	}
	return { ids, steps: Math.max(1, lists / Math.max(1, slots)) };
}

/** Nothing has to be told to its sampler before the draw, and nothing read beside it. */
function canDrawAtOnce(generation: Generation): boolean {
	return !generation.isPrefill && !generation.needsConfig && generation.request.logprobs === null;
}
