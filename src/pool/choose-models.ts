import { createHash } from 'node:crypto';

/** A name that requests use, and the models behind it by weight. */
export type Routes = Readonly<Record<string, Readonly<Record<string, number>>>>;
/** For a model, those that serve in its place when it cannot. */
export type Fallbacks = Readonly<Record<string, readonly string[]>>;

/**
 * Pure. The models that may serve a request, best first: the one that its name or its share of a route leads to, then the
 * fallbacks of that one. `stickyKey` stays with the same model as long as the weights do; a changed weight moves only
 * the keys at its edge.
 */
export function chooseModels(
	name: string,
	stickyKey: string,
	{ routes, fallbacks }: { routes: Routes; fallbacks: Fallbacks },
): string[] {
	const first = Object.hasOwn(routes, name) ? drawFrom(routes[name] ?? {}, shareOf(`${name}\0${stickyKey}`)) : name;
	const chain = Object.hasOwn(fallbacks, first) ? (fallbacks[first] ?? []) : [];
	return [...new Set([first, ...chain])];
}

function drawFrom(weights: Readonly<Record<string, number>>, share: number): string {
	const entries = Object.entries(weights);
	let rest = share * entries.reduce((total, [, weight]) => total + weight, 0);
	for (const [model, weight] of entries) {
		rest -= weight;
		if (rest < 0) return model;
	}
	return entries.at(-1)?.[0] ?? '';
}

/** 0 <= share < 1, the same for the same text. */
function shareOf(text: string): number {
	return createHash('sha1').update(text).digest().readUInt32BE(0) / 2 ** 32;
}
