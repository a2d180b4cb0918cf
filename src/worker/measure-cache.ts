import type { Native, NativeContext } from './binding.ts';
import { openSequenceFiles } from './sequence-files.ts';
import type { Parking } from './sequence-shelf.ts';

/** A copy that takes longer is measured once: it is not the machine's other work that we see. */
const LONG_MS = 50;
const TRIES = 3;

/**
 * What a step of one row takes, and copying a slot's cache to another slot: the step after the copy against a step without.
 * Of sequence 0, which holds so many tokens and keeps them. Infinity where the model's memory cannot be copied.
 */
export async function measureCopy(
	{ context, decode }: Native,
	tokens: number,
): Promise<{ copyMs: number; stepMs: number }> {
	const step = async (position: number) => {
		const startedMs = performance.now();
		context.initBatch(1);
		context.addToBatch(0, position, Uint32Array.of(0), new Uint32Array(0));
		await decode();
		return performance.now() - startedMs;
	};
	let copyMs = Number.POSITIVE_INFINITY;
	let stepMs = Number.POSITIVE_INFINITY;
	for (let tries = 0, position = tokens; tries < TRIES; tries++) {
		const plainMs = await step(position++);
		stepMs = Math.min(stepMs, plainMs);
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
	return { copyMs, stepMs };
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
