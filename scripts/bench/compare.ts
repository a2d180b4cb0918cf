import { type Spread, spread } from './statistics.ts';
import type { Metric } from './summarise-round.ts';

export type Row = Pick<Metric, 'name' | 'unit' | 'better'> & {
	target: Spread;
	against: Spread | null;
	/** target / against, of the same round each. */
	ratio: Spread | null;
	/** target - against, of the same round each: what the one adds to the other. */
	difference: Spread | null;
};

/** Joins the rounds metric by metric. Ratios are taken within a round, where both met the same machine. Pure. */
export function compareRounds(target: readonly Metric[][], against: readonly Metric[][] | null): Row[] {
	const names = [...new Set(target.flat().map((metric) => metric.name))];
	return names.flatMap((name) => {
		const metric = target.flat().find((each) => each.name === name);
		const own = spread(figuresOf(target, name));
		if (metric === undefined || own === null) return [];
		const pairs = (against ?? []).flatMap((round, index) => {
			const mine = figureOf(target[index] ?? [], name);
			const theirs = figureOf(round, name);
			return mine === null || theirs === null ? [] : [{ mine, theirs }];
		});
		const ratios = pairs.flatMap(({ mine, theirs }) => (theirs === 0 ? [] : [mine / theirs]));
		const differences = pairs.map(({ mine, theirs }) => mine - theirs);
		const { unit, better } = metric;
		return [
			{
				name,
				unit,
				better,
				target: own,
				against: spread(figuresOf(against ?? [], name)),
				ratio: spread(ratios),
				difference: spread(differences),
			},
		];
	});
}

function figureOf(round: readonly Metric[], name: string): number | null {
	return round.find((metric) => metric.name === name)?.value ?? null;
}

function figuresOf(rounds: readonly Metric[][], name: string): number[] {
	return rounds.flatMap((round) => figureOf(round, name) ?? []);
}
