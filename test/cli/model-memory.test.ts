import { describe, expect, it } from 'vitest';
import type { ModelFiles } from '../../src/cli/model-files.ts';
import { modelMemory } from '../../src/cli/model-memory.ts';
import { embeddedModelPath } from '../../src/cli/package-root.ts';
import { configSchema } from '../../src/config/schema.ts';

const MIB = 2 ** 20;
const none = new Map<string, ModelFiles>();

function configOf(memoryBudgetMiB: number | null, models: Record<string, object>) {
	const withSource = Object.entries(models).map(([name, model]) => [name, { source: embeddedModelPath, ...model }]);
	return configSchema.parse({ workers: { memoryBudgetMiB }, models: Object.fromEntries(withSource) });
}

describe('modelMemory', () => {
	it('asks nothing where there is no budget', async () => {
		expect(await modelMemory(configOf(null, { a: { source: 'absent.gguf' } }), none)).toEqual(new Map());
	});

	it('takes the configured size, for each worker', async () => {
		const memory = await modelMemory(configOf(1000, { a: { memoryMiB: 100, workers: 3 } }), none);
		expect(memory.get('a')).toBe(300 * MIB);
	});

	it('estimates it from the file: weights, more for more context, and a draft model', async () => {
		const small = { contextTokens: 256, slots: 1 };
		const models = { a: small, b: { contextTokens: 8192, slots: 8 }, c: { ...small, draft: embeddedModelPath } };
		const memory = await modelMemory(configOf(100_000, models), none);
		expect(memory.get('a')).toBeGreaterThan(MIB);
		expect(memory.get('b')).toBeGreaterThan(memory.get('a') ?? 0);
		expect(memory.get('c')).toBe(2 * (memory.get('a') ?? 0));
	});

	it('refuses, with the numbers, what can never be loaded and what does not fit at the start', async () => {
		const tooBig = configOf(100, { a: { memoryMiB: 101, load: 'demand' } });
		await expect(modelMemory(tooBig, none)).rejects.toThrow(
			'a 101 MiB can never be loaded: workers.memoryBudgetMiB is 100',
		);
		const tooMany = configOf(100, { a: { memoryMiB: 60 }, b: { memoryMiB: 50 }, c: { memoryMiB: 9, load: 'demand' } });
		await expect(modelMemory(tooMany, none)).rejects.toThrow('loaded at the start are a 60 MiB, b 50 MiB');
	});
});
