import type { WorkerEvent } from '../protocol/worker-api.ts';

/** A request's place in line; `position` 1 is next. */
export type QueuePlace = { position: number; expectedWaitMs: number };

export type ProgressSnapshot = {
	phase: 'waiting' | 'queued' | 'prefill' | 'reasoning' | 'answer';
	queue: QueuePlace | null;
	prefill: { evaluatedTokens: number; totalTokens: number } | null;
	reasoningTokens: number;
	answerTokens: number;
	/** Of the thinking budget; null where there is none. */
	budgetLeftTokens: number | null;
};

/** Follows one or several generations of one request, so that whoever asks can be told how far they are. */
export class ProgressTracker {
	readonly #budgetTokens: number | null;
	#placeInQueue: (() => QueuePlace | null) | null = null;
	#phase: ProgressSnapshot['phase'] = 'waiting';
	#prefill: ProgressSnapshot['prefill'] = null;
	#reasoningTokens = 0;
	#answerTokens = 0;

	constructor(budgetTokens: number | null) {
		this.#budgetTokens = budgetTokens;
	}

	/** The request waits for a slot; `place` tells where, and null once it does no more. */
	queued(place: () => QueuePlace | null): void {
		this.#placeInQueue = place;
	}

	push(event: WorkerEvent): void {
		switch (event.type) {
			case 'generation-start':
				this.#enter('prefill');
				this.#prefill ??= { evaluatedTokens: event.cachedTokens, totalTokens: event.promptTokens };
				return;
			case 'prefill-progress':
				this.#prefill = { evaluatedTokens: event.evaluatedTokens, totalTokens: event.totalTokens };
				return;
			case 'delta':
				this.#enter(event.phase);
				if (event.phase === 'reasoning') this.#reasoningTokens += event.ids.length;
				else this.#answerTokens += event.ids.length;
				return;
			case 'phase-end':
			case 'generation-end':
			case 'generation-error':
				return;
		}
	}

	snapshot(): ProgressSnapshot {
		const queue = this.#phase === 'waiting' ? (this.#placeInQueue?.() ?? null) : null;
		const budget = this.#budgetTokens;
		return {
			phase: queue === null ? this.#phase : 'queued',
			queue,
			prefill: this.#prefill,
			reasoningTokens: this.#reasoningTokens,
			answerTokens: this.#answerTokens,
			budgetLeftTokens: budget === null ? null : Math.max(0, budget - this.#reasoningTokens),
		};
	}

	/** Phases go forward only: of several generations the one that is furthest tells. */
	#enter(phase: ProgressSnapshot['phase']): void {
		if (ORDER.indexOf(phase) > ORDER.indexOf(this.#phase)) this.#phase = phase;
	}
}

const ORDER: readonly ProgressSnapshot['phase'][] = ['waiting', 'queued', 'prefill', 'reasoning', 'answer'];

/** For an SSE comment, which holds no line break. */
export function describeProgress(progress: ProgressSnapshot): string {
	switch (progress.phase) {
		case 'waiting':
			return 'keep-alive';
		case 'queued':
			return `queued ${progress.queue?.position ?? 0}`;
		case 'prefill':
			return `prefill ${progress.prefill?.evaluatedTokens ?? 0}/${progress.prefill?.totalTokens ?? 0}`;
		case 'reasoning':
			return `reasoning ${progress.reasoningTokens}`;
		case 'answer':
			return `answer ${progress.answerTokens}`;
	}
}
