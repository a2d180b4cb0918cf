/** Of the last requests, so many that a single one moves the share by a tenth. */
const NEWEST_WEIGHT = 0.1;
/** Before anybody had a choice: as if of two that had, one had come back. */
const FIRST_SHARE = 0.5;
const FIRST_REQUESTS = 2;
const WORTHWHILE_SHARE = 0.25;

/**
 * Whether those whose answer ended are likely to ask on. What is prepared for them takes time from streams that run: where each
 * request is a conversation of its own, for nothing (1.5B shape, 1 stream: a fifth of its tokens a second).
 */
export class ReturningUsers {
	#share = FIRST_SHARE;
	#requests = FIRST_REQUESTS;

	/** A request came while conversations were held that it might have gone on with. */
	observe(goesOn: boolean): void {
		this.#requests++;
		this.#share += (Number(goesOn) - this.#share) * Math.max(NEWEST_WEIGHT, 1 / this.#requests);
	}

	get areExpected(): boolean {
		return this.#share > WORTHWHILE_SHARE;
	}
}
