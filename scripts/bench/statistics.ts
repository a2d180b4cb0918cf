/** Quantile with linear interpolation between the two nearest ranks; null when there is nothing. */
export function quantile(values: readonly number[], share: number): number | null {
	if (values.length === 0) return null;
	const sorted = Float64Array.from(values).sort();
	const position = (sorted.length - 1) * share;
	const below = sorted[Math.floor(position)] ?? 0;
	const above = sorted[Math.ceil(position)] ?? below;
	return below + (above - below) * (position - Math.floor(position));
}

export function median(values: readonly number[]): number | null {
	return quantile(values, 0.5);
}

export function sum(values: readonly number[]): number {
	let total = 0;
	for (const value of values) total += value;
	return total;
}

export type Spread = { median: number; least: number; most: number };

export function spread(values: readonly number[]): Spread | null {
	const middle = median(values);
	if (middle === null) return null;
	return { median: middle, least: Math.min(...values), most: Math.max(...values) };
}
