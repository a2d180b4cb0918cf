import { describe, expect, it } from 'vitest';
import { ReturningUsers } from '../../src/worker/returning-users.ts';

function expectedAfter(...requests: boolean[]): boolean {
	const users = new ReturningUsers();
	for (const isNextTurn of requests) users.observe(isNextTurn);
	return users.areExpected;
}

describe('users', () => {
	it('are expected back until two of them began anew', () => {
		expect(expectedAfter()).toBe(true);
		expect(expectedAfter(false)).toBe(true);
		expect(expectedAfter(false, false)).toBe(false);
	});

	it('are expected back where one in three does, and not where one in ten does', () => {
		const one = (of: number) => Array.from({ length: 60 }, (_, at) => at % of === 0);
		for (const extra of [0, 1, 2]) expect(expectedAfter(...one(3), ...one(3).slice(0, extra))).toBe(true);
		for (let extra = 3; extra < 10; extra++) expect(expectedAfter(...one(10), ...one(10).slice(0, extra))).toBe(false);
	});

	it('go on with as many answers as requests hold earlier ones', () => {
		const users = new ReturningUsers();
		expect(users.share).toBe(0.5);
		for (let request = 0; request < 120; request++) users.observe(request % 6 !== 0);
		expect(users.share).toBeCloseTo(5 / 6, 1);
		for (let request = 0; request < 40; request++) users.observe(false);
		expect(users.share).toBeLessThan(0.02);
	});
});
