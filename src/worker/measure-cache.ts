import { NO_GAPS, type RowCosts } from './batch-gaps.ts';
import type { Native, NativeContext } from './binding.ts';
import { openSequenceFiles } from './sequence-files.ts';
import type { Parking } from './sequence-shelf.ts';

/** A copy that takes longer is measured once: it is not the machine's other work that we see. */
const LONG_MS = 50;
const TRIES = 3;
/** As many as streams often are. */
const MOST_ROWS = 8;

/**
 * What copying a slot's cache to another slot takes: the step after the copy against a step without. Of sequence 0, which holds
 * so many tokens and keeps them. Infinity where the model's memory cannot be copied.
 */
export async function measureCopy({ context, decode }: Native, tokens: number): Promise<number> {
	const step = async (position: number) => {
		const startedMs = performance.now();
		context.initBatch(1);
		context.addToBatch(0, position, Uint32Array.of(0), new Uint32Array(0));
		await decode();
		return performance.now() - startedMs;
	};
	let copyMs = Number.POSITIVE_INFINITY;
	for (let tries = 0, position = tokens; tries < TRIES; tries++) {
		const plainMs = await step(position++);
		try {
			await context.copySequenceStateFromOtherSequence(1, 0);
		} catch {
			break;
		}
		copyMs = Math.min(copyMs, Math.max(0, (await step(position++)) - plainMs));
		context.disposeSequence(1);
		if (copyMs > LONG_MS) break;
	}
	context.removeTokenCellsFromSequence(0, tokens, -1);
	return copyMs;
}

/**
 * What a step takes longer for a row more, and for another pass over the weights: steps of one row, and of some side by side.
 * Every slot has to be empty, and is afterwards.
 */
export async function measureRows({ context, decode }: Native, slots: number): Promise<RowCosts> {
	const most = Math.min(slots, MOST_ROWS);
	// Between fewer there is no gap.
	if (most < 3) return NO_GAPS;
	const step = async (rows: number) => {
		context.initBatch(rows);
		for (let slot = 0; slot < rows; slot++)
			context.addToBatch(slot, 0, Uint32Array.of(0), slot === 0 ? Uint32Array.of(0) : new Uint32Array(0));
		const startedMs = performance.now();
		await decode();
		const ms = performance.now() - startedMs;
		for (let slot = 0; slot < rows; slot++) context.disposeSequence(slot);
		return ms;
	};
	let oneMs = Number.POSITIVE_INFINITY;
	let manyMs = Number.POSITIVE_INFINITY;
	for (let tries = 0; tries < TRIES; tries++) {
		oneMs = Math.min(oneMs, await step(1));
		manyMs = Math.min(manyMs, await step(most));
	}
	const rowMs = Math.max(0, manyMs - oneMs) / (most - 1);
	return { cutMs: Math.max(0, oneMs - rowMs), rowMs };
}

/** Where sequences can be parked within a budget; null where they cannot. Sequence 0 holds `tokens` tokens, which it keeps. */
export async function openParking(
	context: NativeContext,
	options: { tokens: number; budgetBytes: number },
): Promise<Parking | null> {
	const files = options.budgetBytes === 0 ? null : openSequenceFiles(context);
	if (files === null) return null;
	try {
		const file = await files.save(0);
		const bytesPerToken = file.bytes / options.tokens;
		await files.load(0, file).finally(() => files.drop(file));
		return { files, budgetBytes: Math.min(options.budgetBytes, files.freeBytes), bytesPerToken };
	} catch {
		return null;
	}
}
