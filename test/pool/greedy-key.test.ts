import { expect, test } from 'vitest';
import { AdmissionQueue } from '../../src/pool/admission-queue.ts';

const SLOTS = 8;
const SERVICE = 40;
const STEPS = 40_000;
const NORMAL = Array.from({ length: 9 }, (_, index) => `normal-${index}`);

type Request = { key: string; cameAt: number };

/** Steps in place of time: who waits and who runs, with the queue deciding who is next. Gives how long each request took. */
function simulate(arrivalsAt: (step: number) => string[]) {
	const queue = new AdmissionQueue<Request>(200);
	const running: { key: string; cameAt: number; endsAt: number }[] = [];
	const tookByKey = new Map<string, number[]>();
	let refusedNormals = 0;
	for (let step = 0; step < STEPS; step += 1) {
		for (let index = running.length - 1; index >= 0; index -= 1) {
			const request = running[index];
			if (request === undefined || request.endsAt > step) continue;
			running.splice(index, 1);
			const took = tookByKey.get(request.key) ?? [];
			took.push(step - request.cameAt);
			tookByKey.set(request.key, took);
		}
		for (const key of arrivalsAt(step)) {
			const { hasEntered, displaced } = queue.enter(key, { key, cameAt: step });
			for (const lost of [hasEntered ? null : { key }, displaced])
				if (lost?.key.startsWith('normal')) refusedNormals += 1;
		}
		while (running.length < SLOTS) {
			const next = queue.take((item) => item);
			if (next === null) break;
			// Lengths differ, or all slots would become free at once.
			running.push({ ...next.item, endsAt: step + SERVICE - 15 + ((step * 7919 + running.length * 31) % 31) });
		}
	}
	return { tookByKey, refusedNormals };
}

const p99 = (values: number[]) => [...values].sort((one, other) => one - other)[Math.floor(values.length * 0.99)] ?? 0;

/** Each of the nine asks once in 90 steps, in turn: a good half of what the slots can do. */
const normals = (step: number) => (step % 10 === 0 ? [NORMAL[(step / 10) % 9] ?? ''] : []);

test('a key that asks a hundred times as much as each of nine others makes none of them wait half as long again, or be refused', () => {
	const alone = simulate(normals);
	const beside = simulate((step) => [...normals(step), 'greedy', ...(step % 9 === 0 ? ['greedy'] : [])]);
	const of = ({ tookByKey }: typeof alone) => NORMAL.map((key) => tookByKey.get(key) ?? []);
	expect(beside.refusedNormals).toBe(0);
	expect(p99(of(beside).flat())).toBeLessThanOrEqual(1.5 * p99(of(alone).flat()));
	const served = of(beside).map((took) => took.length);
	// Jain's index: 1 when the nine get the same.
	const jain = served.reduce((sum, one) => sum + one, 0) ** 2 / (9 * served.reduce((sum, one) => sum + one * one, 0));
	expect(jain).toBeGreaterThan(0.999);
	expect(beside.tookByKey.get('greedy')?.length).toBeGreaterThan(STEPS / 15); // what is left is its own
});
