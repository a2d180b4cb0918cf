import type { PhaseEndReason, WorkerEvent } from '../protocol/worker-api.ts';

export type EndedThought = {
	reason: PhaseEndReason;
	ms: number;
	emptyRetries: number;
	landsSoftly: boolean;
	/** It holds more than white space. */
	hasText: boolean;
};

/** Follows the thought of one generation as its events go by. */
export class ThoughtMeter {
	#hasText = false;
	#ended: EndedThought | null = null;

	push(event: WorkerEvent): void {
		if (event.type === 'delta' && event.phase === 'reasoning') this.#hasText ||= event.text.trim() !== '';
		if (event.type !== 'phase-end' || event.phase !== 'reasoning') return;
		const { reason, ms, emptyRetries, landsSoftly = false } = event;
		this.#ended = { reason, ms, emptyRetries, landsSoftly, hasText: this.#hasText };
	}

	/** null while it has not ended, and where there was none. */
	get ended(): EndedThought | null {
		return this.#ended;
	}
}
