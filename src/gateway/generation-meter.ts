import type { WorkerEvent } from '../protocol/worker-api.ts';

export type GenerationSummary = {
	promptTokens: number;
	cachedTokens: number;
	completionTokens: number;
	reasoningTokens: number;
	/** Until a slot was held; null when it never came to that. */
	queueMs: number | null;
	firstTokenMs: number | null;
	firstAnswerMs: number | null;
	totalMs: number;
};

/**
 * Counts one generation as its events go by, so that one that is cut short can be settled and logged too. Exact once
 * `generation-end` has come, otherwise what was seen so far.
 */
export class GenerationMeter {
	readonly #startedAt: number;
	readonly #nowMs: () => number;
	readonly #onTokenGap: (gapMs: number) => void;
	#counts = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
	#queueMs: number | null = null;
	#firstTokenMs: number | null = null;
	#firstAnswerMs: number | null = null;
	#lastTokenAt: number | null = null;
	#isComplete = false;

	constructor(nowMs: () => number, onTokenGap: (gapMs: number) => void) {
		this.#nowMs = nowMs;
		this.#startedAt = nowMs();
		this.#onTokenGap = onTokenGap;
	}

	push(event: WorkerEvent): void {
		switch (event.type) {
			case 'generation-start':
				// A second start is the same request on another worker.
				this.#queueMs ??= this.#nowMs() - this.#startedAt;
				this.#counts.promptTokens = event.promptTokens;
				this.#counts.cachedTokens = event.cachedTokens;
				return;
			case 'delta':
				this.#pushDelta(event);
				return;
			case 'phase-end':
				this.#count(event.phase, event.ids.length);
				return;
			case 'generation-end': {
				const { promptTokens, cachedTokens, completionTokens, reasoningTokens } = event;
				this.#counts = { promptTokens, cachedTokens, completionTokens, reasoningTokens };
				this.#isComplete = true;
				return;
			}
			case 'prefill-progress':
			case 'generation-error':
				return;
		}
	}

	get isComplete(): boolean {
		return this.#isComplete;
	}

	get usedTokens(): number {
		return this.#counts.promptTokens + this.#counts.completionTokens;
	}

	summary(): GenerationSummary {
		return {
			...this.#counts,
			queueMs: this.#queueMs,
			firstTokenMs: this.#firstTokenMs,
			firstAnswerMs: this.#firstAnswerMs,
			totalMs: this.#nowMs() - this.#startedAt,
		};
	}

	#pushDelta(event: Extract<WorkerEvent, { type: 'delta' }>): void {
		const now = this.#nowMs();
		this.#count(event.phase, event.ids.length);
		if (event.ids.length > 0) {
			if (this.#lastTokenAt !== null) this.#onTokenGap((now - this.#lastTokenAt) / event.ids.length);
			this.#lastTokenAt = now;
		}
		if (event.text === '') return;
		this.#firstTokenMs ??= now - this.#startedAt;
		if (event.phase === 'answer') this.#firstAnswerMs ??= now - this.#startedAt;
	}

	#count(phase: 'reasoning' | 'answer', tokens: number): void {
		this.#counts.completionTokens += tokens;
		if (phase === 'reasoning') this.#counts.reasoningTokens += tokens;
	}
}
