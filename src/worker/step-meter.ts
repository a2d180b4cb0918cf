import type { StepPlan } from './plan-step.ts';
import type { PrefillPace } from './prefill-pace.ts';

const NOTHING: StepPlan = { entries: [], filled: [], decodingTokens: 0, readsPrompts: false, onlyWarmsUp: false };

/** How long steps take and how far they came. */
export class StepMeter {
	/** Tokens evaluated so far. */
	progress = 0;
	readonly #pace: PrefillPace;
	#plan = NOTHING;
	#sinceMs = 0;
	#lastMs = 0;

	constructor(pace: PrefillPace) {
		this.#pace = pace;
	}

	/** A step of this plan begins, or the first of several. */
	begin(plan: StepPlan): void {
		this.#plan = plan;
		this.#sinceMs = performance.now();
	}

	/** So many of them are over since the last time. */
	count(steps: number): void {
		const { entries, decodingTokens } = this.#plan;
		const now = performance.now();
		this.#lastMs = now - this.#sinceMs;
		this.#sinceMs = now;
		const tokens = entries.reduce((sum, entry) => sum + entry.tokens, 0);
		this.progress += tokens * steps;
		const promptTokens = tokens - decodingTokens;
		this.#pace.observe({ ms: this.#lastMs / steps, promptTokens, decodes: decodingTokens > 0 });
	}

	/** When there will be more to count; null when that may be long, because a prompt is read. */
	get nextMs(): number | null {
		return this.#plan.readsPrompts ? null : performance.now() + this.#lastMs;
	}
}
