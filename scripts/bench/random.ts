/** A number in [0, 1) at each call. */
export type Random = () => number;

/** Seeded generator (mulberry32 over an FNV-1a hash of the seed): the same seed gives the same run. */
export function seededRandom(seed: string): Random {
	let state = 0x811c9dc5;
	for (let index = 0; index < seed.length; index += 1)
		state = Math.imul(state ^ seed.charCodeAt(index), 0x01000193) >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 0x1_0000_0000;
	};
}

/** Gaps of a Poisson process: exponential, with the mean given. */
export function exponential(random: Random, mean: number): number {
	return -Math.log(1 - random()) * mean;
}
