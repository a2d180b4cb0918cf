import type { StockWorker } from '../../../../src/pool/stock/stock-worker.ts';
import type { GenerateRequest, Phase, WorkerEvent } from '../../../../src/protocol/worker-api.ts';
import { THINK } from '../../../support/fake-llama-server.ts';
import { generateRequest } from '../../../support/generate-request.ts';

const base = generateRequest('r').phases[0];
export function phase(name: Phase['name'], changes: Partial<Phase> = {}): Phase {
	if (base === undefined) throw new TypeError('no phase'); // a probe has one
	return { ...base, name, maxTokens: null, ...changes };
}
export const reasoning = (changes: Partial<Phase> = {}) =>
	phase('reasoning', { endToken: '</think>', separator: '\n', closing: ' stop.', ...changes });

export function request(phases: Phase[], changes: Partial<GenerateRequest> = {}): GenerateRequest {
	const prompt = [{ text: 'Q<think>', special: true }];
	return generateRequest('r', { prompt, phases, maxTokens: 100, ...changes });
}

/** What a worker yields for it, whole. */
export async function collect(worker: StockWorker, body: GenerateRequest, signal = new AbortController().signal) {
	const events: WorkerEvent[] = [];
	for await (const event of worker.generate(body, signal)) events.push(event);
	const of = (name: Phase['name']) =>
		events.map((event) => (event.type === 'delta' && event.phase === name ? event.text : '')).join('');
	const ids = events.flatMap((event) => (event.type === 'delta' || event.type === 'phase-end' ? event.ids : []));
	return { events, ids, thought: of('reasoning'), answer: of('answer'), end: events.at(-1) };
}

/** The tokens after the start of a thought decide what comes. */
export function follow(script: number[]): (prompt: readonly number[]) => number[] {
	return (prompt) => script.slice(prompt.length - prompt.indexOf(THINK) - 1);
}
