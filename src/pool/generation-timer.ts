import type { WorkerEvent } from '../protocol/worker-api.ts';
import type { PaceSample } from './worker-pace.ts';

/** The first token has come, or the last one. */
export type GenerationNews = { type: 'first-token' } | { type: 'end'; sample: PaceSample };

/** Follows one generation on one worker, event by event. The clock comes in with the events. */
export class GenerationTimer {
	#startedMs: number | null = null;
	#firstTokenMs: number | null = null;
	#cachedTokens = 0;
	#evaluatedTokens = 0;
	#completionTokens = 0;
	/** Of the prompt, as far as it is known. */
	#promptTokens: number;

	constructor(estimatedPromptTokens: number) {
		this.#promptTokens = estimatedPromptTokens;
	}

	/** Tokens of the prompt that the worker has still to evaluate, about. */
	get pendingPromptTokens(): number {
		if (this.#firstTokenMs !== null) return 0;
		return Math.max(0, this.#promptTokens - Math.max(this.#cachedTokens, this.#evaluatedTokens));
	}

	/** `first-token` with the event that brings it, `end` with the last one. */
	push(event: WorkerEvent, nowMs: number): GenerationNews | null {
		switch (event.type) {
			case 'generation-start':
				this.#startedMs = nowMs;
				this.#promptTokens = event.promptTokens;
				this.#cachedTokens = event.cachedTokens;
				return null;
			case 'prefill-progress':
				this.#evaluatedTokens = event.evaluatedTokens;
				return null;
			case 'delta':
			case 'phase-end': {
				this.#completionTokens += event.ids.length;
				if (this.#firstTokenMs !== null || event.ids.length === 0) return null;
				this.#firstTokenMs = nowMs;
				return { type: 'first-token' };
			}
			case 'generation-end': {
				const startedMs = this.#startedMs ?? nowMs;
				const firstTokenMs = this.#firstTokenMs ?? nowMs;
				return {
					type: 'end',
					sample: {
						promptTokens: event.promptTokens,
						cachedTokens: event.cachedTokens,
						completionTokens: this.#completionTokens,
						prefillMs: firstTokenMs - startedMs,
						decodeMs: nowMs - firstTokenMs,
					},
				};
			}
			case 'generation-error':
				return null;
		}
	}
}
