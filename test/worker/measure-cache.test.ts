import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { NO_GAPS } from '../../src/worker/batch-gaps.ts';
import { measureCopy, measureRows } from '../../src/worker/measure-cache.ts';
import { type BoundModel, bindEmbedded } from './support/bound-model.ts';

const SLOTS = 4;
let bound: BoundModel;

beforeAll(async () => {
	bound = await bindEmbedded(SLOTS);
});

afterAll(() => bound.dispose());

/** Evaluates so many tokens from the slot's beginning: fails where something lies there. */
async function evaluate(slot: number, count: number): Promise<void> {
	const { context, decode } = bound.native;
	context.initBatch(count);
	context.addToBatch(slot, 0, new Uint32Array(count), Uint32Array.of(count - 1));
	await decode();
}

describe('what rows and copies cost', () => {
	it('is measured in milliseconds, and every slot is empty afterwards', async () => {
		const { cutMs, rowMs } = await measureRows(bound.native, SLOTS);
		expect(cutMs).toBeGreaterThanOrEqual(0);
		expect(rowMs).toBeGreaterThanOrEqual(0);
		expect(cutMs + rowMs).toBeGreaterThan(0);
		for (let slot = 0; slot < SLOTS; slot++) await evaluate(slot, 2);
	});

	it('is nothing where there is no room for a gap', async () => {
		for (const slots of [1, 2]) expect(await measureRows(bound.native, slots)).toBe(NO_GAPS);
	});

	it('is measured for a copy, and the slot that is copied keeps its tokens', async () => {
		const { context, decode } = bound.native;
		for (let slot = 0; slot < SLOTS; slot++) context.disposeSequence(slot);
		await evaluate(0, 8);
		expect(await measureCopy(bound.native, 8)).toBeLessThan(Number.POSITIVE_INFINITY);
		context.initBatch(1);
		context.addToBatch(0, 8, Uint32Array.of(0), Uint32Array.of(0));
		await decode();
		await evaluate(1, 2);
	});
});
