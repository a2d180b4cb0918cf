import type { ModelConfig } from '../config/model-schema.ts';
import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';
import { estimateMemory } from '../worker/estimate-memory.ts';
import type { ModelFiles } from './model-files.ts';

const MIB = 2 ** 20;

/** Bytes, by model. */
export type Memory = ReadonlyMap<string, number>;

/** null where there is no bound. */
export function memoryBudget({ workers }: Config): number | null {
	return workers.memoryBudgetMiB === null ? null : workers.memoryBudgetMiB * MIB;
}

/**
 * What each model's workers hold together, where there is a budget to hold it against. Throws `config_error`, with the
 * numbers, when what is loaded at the start does not fit, or a model never will.
 */
export async function modelMemory(config: Config, files: ReadonlyMap<string, ModelFiles>): Promise<Memory> {
	const memory = new Map<string, number>();
	const budget = memoryBudget(config);
	if (budget === null) return memory;
	for (const [name, model] of Object.entries(config.models)) {
		const path = files.get(name)?.path ?? model.source;
		if (path === undefined) continue; // what others run
		const { memoryMiB } = model;
		const draftPath = files.get(name)?.draftPath ?? model.draft;
		const each = memoryMiB === null ? await estimateBoth(model, path, draftPath) : memoryMiB * MIB;
		memory.set(name, each * model.workers);
	}
	const tell = (names: string[]) =>
		names.map((name) => `${name} ${Math.ceil((memory.get(name) ?? 0) / MIB)} MiB`).join(', ');
	const hopeless = [...memory.keys()].filter((name) => (memory.get(name) ?? 0) > budget);
	const budgetText = `workers.memoryBudgetMiB is ${budget / MIB}`;
	if (hopeless.length > 0) throw configError(`${tell(hopeless)} can never be loaded: ${budgetText}`);
	const atStart = [...memory.keys()].filter((name) => config.models[name]?.load === 'start');
	if (atStart.reduce((sum, name) => sum + (memory.get(name) ?? 0), 0) > budget)
		throw configError(`loaded at the start are ${tell(atStart)}, but ${budgetText}; give some of them load: demand`);
	return memory;
}

/** A model with its draft model, which has one sequence. */
async function estimateBoth(model: ModelConfig, path: string, draftPath: string | null): Promise<number> {
	const own = await estimateMemory({ ...model, path });
	return draftPath === null ? own : own + (await estimateMemory({ ...model, path: draftPath, slots: 1 }));
}
