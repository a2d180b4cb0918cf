import { fileURLToPath } from 'node:url';
import type { RetortError } from '../../../src/errors.ts';
import { GREEDY, plainPhase } from '../../../src/protocol/plain-phase.ts';
import type { GenerateRequest, Phase, Sampling, WorkerEvent } from '../../../src/protocol/worker-api.ts';
import type { Engine, GenerationHandle } from '../../../src/worker/engine.ts';
import { type LoadedGenerator, loadModel } from '../../../src/worker/load-model.ts';

export const embeddedModel = fileURLToPath(
	new URL('../../../models/pocket-reasoner/pocket-reasoner-q8_0.gguf', import.meta.url),
);

const silent = () => undefined;
export const silentLog = { debug: silent, info: silent, warn: silent, error: silent };

export async function loadEmbedded(
	options: {
		slots?: number;
		contextTokens?: number;
		parkedBytes?: number;
		draftPath?: string;
		onFailure?: (error: RetortError) => void;
	} = {},
): Promise<LoadedGenerator> {
	const loaded = await loadModel({
		modelPath: embeddedModel,
		slots: options.slots ?? 2,
		contextTokens: options.contextTokens ?? 1024,
		threads: 1,
		gpuLayers: 0,
		batchTokens: 128,
		prefillSliceTokens: 64,
		parkedBytes: options.parkedBytes ?? 0,
		speculates: true,
		draftPath: options.draftPath ?? null,
		retortVersion: '0.0.0',
		log: silentLog,
		onFailure: options.onFailure ?? silent,
	});
	if (loaded.engine === null) throw new TypeError('the embedded model generates text');
	return loaded;
}

export function sampling(changes: Partial<Sampling> = {}): Sampling {
	return { ...GREEDY, seed: 7, ...changes };
}

export function phase(changes: Partial<Phase> = {}): Phase {
	return { ...plainPhase(sampling()), ...changes };
}

export function reasoning(changes: Partial<Phase> = {}): Phase {
	return phase({ name: 'reasoning', endToken: '</think>', separator: '\n\n', ...changes });
}

let count = 0;

/** A question as the embedded model's template renders it, thinking greedily. */
export function ask(question: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
	return {
		requestId: `request-${++count}`,
		prompt: [
			{ text: '<｜begin▁of▁sentence｜><｜User｜>', special: true },
			{ text: question, special: false },
			{ text: '<｜Assistant｜><think>\n', special: true },
		],
		resume: [],
		phases: [reasoning(), phase()],
		maxTokens: 300,
		logprobs: null,
		cacheScope: 'test',
		keepForNextTurn: null,
		...changes,
	};
}

export type Ended = Extract<WorkerEvent, { type: 'generation-end' }>;

export type Collected = {
	events: WorkerEvent[];
	reasoning: string;
	answer: string;
	ids: number[];
	phaseEnds: Extract<WorkerEvent, { type: 'phase-end' }>[];
	end: Ended | null;
};

/** Runs a request to its end; `onEvent` may cancel through the handle. */
export function run(
	engine: Engine,
	request: GenerateRequest,
	onEvent: (event: WorkerEvent, handle: () => GenerationHandle) => void = silent,
): Promise<Collected> {
	return new Promise((resolve, reject) => {
		const events: WorkerEvent[] = [];
		let handle: GenerationHandle | null = null;
		const own = () => {
			if (handle === null) throw new TypeError('not started');
			return handle;
		};
		try {
			handle = engine.generate(request, (batch, isLast) => {
				events.push(...batch);
				queueMicrotask(() => {
					for (const event of batch) onEvent(event, own);
					if (isLast) resolve(collect(events));
				});
				return true;
			});
		} catch (error) {
			reject(error);
		}
	});
}

export function collect(events: WorkerEvent[]): Collected {
	const collected: Collected = { events, reasoning: '', answer: '', ids: [], phaseEnds: [], end: null };
	for (const event of events) {
		if (event.type === 'delta') {
			collected[event.phase] += event.text;
			collected.ids.push(...event.ids);
		} else if (event.type === 'phase-end') {
			collected.ids.push(...event.ids);
			collected.phaseEnds.push(event);
		} else if (event.type === 'generation-end') {
			collected.end = event;
		}
	}
	return collected;
}
