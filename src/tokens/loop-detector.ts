const MAX_PERIOD = 128;
/** Shorter repetitions are tables, digits and rulers. */
const MIN_REPEATED_TOKENS = 60;
/** A period counts as a loop when it was seen once and repeated so many times. */
const MIN_REPEATS = 3;

/**
 * Tells when the same n-gram comes again and again, whatever its length up to 128 tokens. For each period p it counts how
 * long each token has equalled the one p before: 128 comparisons a token, nothing looked at twice.
 */
export function createLoopDetector(): {
	push(id: number): boolean;
	/** So many tokens have to come, whatever they are, before `push` can tell a loop. */
	tokensToLoop(): number;
} {
	const recent = new Int32Array(MAX_PERIOD).fill(-1);
	const runs = new Uint32Array(MAX_PERIOD + 1);
	let count = 0;
	return {
		push(id) {
			let loops = false;
			const periods = Math.min(count, MAX_PERIOD);
			for (let period = 1; period <= periods; period++) {
				if (recent[(count - period) % MAX_PERIOD] !== id) {
					runs[period] = 0;
					continue;
				}
				const run = (runs[period] ?? 0) + 1;
				runs[period] = run;
				if (run >= MIN_REPEATED_TOKENS && run >= period * MIN_REPEATS) loops = true;
			}
			recent[count % MAX_PERIOD] = id;
			count++;
			return loops;
		},
		tokensToLoop() {
			let least = MIN_REPEATED_TOKENS;
			for (let period = 1; period <= MAX_PERIOD; period++) {
				const wanted = Math.max(MIN_REPEATED_TOKENS, period * MIN_REPEATS);
				least = Math.min(least, wanted - (runs[period] ?? 0));
			}
			return Math.max(1, least);
		},
	};
}
