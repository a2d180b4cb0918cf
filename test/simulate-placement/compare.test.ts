import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { type CompareOptions, comparePolicies } from '../../scripts/simulate-placement/compare.ts';
import type { ServiceTime } from '../../scripts/simulate-placement/workload.ts';

const path = new URL('../../scripts/simulate-placement/service-times.json', import.meta.url);
const recorded: ServiceTime[] = JSON.parse(readFileSync(path, 'utf8'));

function compare(changes: Partial<CompareOptions>) {
	const base = { workers: 4, slotsPerWorker: 8, utilisation: 0.8, conversations: 300, isMixed: true, seed: 7 };
	const results = comparePolicies(recorded, { ...base, ...changes });
	const [roundRobin, leastConnections, retort] = results;
	if (!roundRobin || !leastConnections || !retort) throw new Error('a policy is missing');
	return { roundRobin, leastConnections, retort };
}

it.each([{ workers: 4 }, { workers: 4, isMixed: false, utilisation: 0.4 }, { workers: 32, conversations: 1200 }])(
	'placement finds caches and starts sooner than round robin and least connections: %o',
	(changes) => {
		const { roundRobin, leastConnections, retort } = compare(changes);
		for (const other of [roundRobin, leastConnections]) {
			expect(retort.turns).toBe(other.turns);
			expect(retort.cachedShare).toBeGreaterThan(1.5 * other.cachedShare);
			expect(retort.p50Ms).toBeLessThan(0.7 * other.p50Ms);
			expect(retort.p95Ms).toBeLessThan(0.7 * other.p95Ms);
		}
	},
);

it('with one worker there is nothing to place, and nothing is lost', () => {
	const { roundRobin, retort } = compare({ workers: 1, conversations: 100 });
	expect(retort).toMatchObject({ p50Ms: roundRobin.p50Ms, p95Ms: roundRobin.p95Ms, turns: roundRobin.turns });
});
