/**
 * So many units a minute, refilled all the time: no burst of twice the limit at a window's edge. A plain value with a
 * clock that the caller brings. The level may fall below zero when a reservation turns out to have been too small; the
 * debt is paid by the refill before anything else is let in.
 */
export class TokenBucket {
	readonly perMinute: number;
	#level: number;
	#atMs: number;

	constructor(perMinute: number, nowMs: number) {
		this.perMinute = perMinute;
		this.#level = perMinute;
		this.#atMs = nowMs;
	}

	/** False, and nothing taken, when there is not enough. */
	take(units: number, nowMs: number): boolean {
		this.#refill(nowMs);
		if (this.#level < units) return false;
		this.#level -= units;
		return true;
	}

	/** Gives back what a reservation did not use, or takes (a negative number) what it used beyond. */
	give(units: number, nowMs: number): void {
		this.#refill(nowMs);
		this.#level = Math.min(this.perMinute, this.#level + units);
	}

	/** As it stands. */
	at(nowMs: number): { perMinute: number; level: number } {
		this.#refill(nowMs);
		return { perMinute: this.perMinute, level: this.#level };
	}

	isFull(nowMs: number): boolean {
		this.#refill(nowMs);
		return this.#level >= this.perMinute;
	}

	#refill(nowMs: number): void {
		this.#level = Math.min(this.perMinute, this.#level + ((nowMs - this.#atMs) * this.perMinute) / 60_000);
		this.#atMs = nowMs;
	}
}
