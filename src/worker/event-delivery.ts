import type { Generation } from './generation.ts';
import type { Slot } from './slot.ts';

/** A prompt that waits behind others gives a sign of life so often. */
const HEARTBEAT_MS = 1000;

/**
 * Writes out what generations owe. With small models, where a step takes a few milliseconds, what a token costs on its way to
 * the client is more than what it costs here: so a delta waits for the next steps' while that is not felt.
 */
export class EventDelivery {
	readonly #slots: readonly Slot[];
	#lastHeartbeatMs = 0;

	constructor(slots: readonly Slot[]) {
		this.#slots = slots;
	}

	/** `nextMs`: when there will be more, if deltas may wait for that; null when they may not. */
	flush(nextMs: number | null): void {
		for (const { generation } of this.#slots) {
			if (generation === null || generation.outbox.length === 0 || generation.isPaused) continue;
			if (generation.isFinished || generation.isCancelled) continue; // the release sends these as the last
			const canWait = nextMs !== null && nextMs - generation.lastTokenSentMs < generation.eventIntervalMs;
			if (!canWait || generation.outbox.some((event) => event.type !== 'delta')) this.send(generation, false);
		}
	}

	send(generation: Generation, isLast: boolean): void {
		const events = generation.takeEvents();
		if (events.at(-1)?.type === 'delta') generation.lastTokenSentMs = performance.now();
		if (!generation.sink(events, isLast) && !isLast) generation.isPaused = true;
	}

	heartbeat(): void {
		const now = performance.now();
		if (now - this.#lastHeartbeatMs < HEARTBEAT_MS) return;
		this.#lastHeartbeatMs = now;
		for (const { generation } of this.#slots) {
			if (generation?.isPrefill && generation.outbox.length === 0) generation.reportPrefill();
		}
	}
}
