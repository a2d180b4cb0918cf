import { contextLengthExceeded, invalidRequest } from '../../errors.ts';
import type { GenerateRequest } from '../../protocol/worker-api.ts';
import { PhaseRun } from '../../tokens/phase-run.ts';
import { resolvePhases } from '../../tokens/resolve-phases.ts';
import type { StockModel } from './stock-model.ts';

/** Texts to ids, and the phases walked through what another worker generated. Throws 400s. */
export async function prepareRun(request: GenerateRequest, model: StockModel, signal: AbortSignal): Promise<PhaseRun> {
	const { vocabulary } = model;
	const { contextTokens } = model.info;
	model.check(request);
	const prompt = await model.tokenize(request.prompt, signal);
	for (const id of [...prompt, ...request.resume])
		if (id >= vocabulary.size) throw invalidRequest('messages', 'invalid_value', `There is no token ${id}.`);
	for (const { sampling } of request.phases)
		for (const [id] of sampling.logitBias)
			if (id >= vocabulary.size) throw invalidRequest('logit_bias', 'invalid_value', `There is no token ${id}.`);
	if (prompt.length === 0) throw invalidRequest('messages', 'invalid_value', 'The prompt is empty.');
	if (prompt.length >= contextTokens) throw contextLengthExceeded(contextTokens, prompt.length);
	const inert = new Map<string, number[]>();
	for (const { closing, separator } of request.phases)
		for (const text of [closing, separator])
			if (text !== null && text !== '' && !inert.has(text)) inert.set(text, await model.inert(text, signal));
	const oneToken = (text: string | null, param: string): number | null => {
		if (text === null) return null;
		const id = vocabulary.marks.get(text);
		if (id === undefined)
			throw invalidRequest(param, 'invalid_value', `${JSON.stringify(text)} is not one token of this model.`);
		return id;
	};
	const roomTokens = Math.min(request.maxTokens ?? Number.POSITIVE_INFINITY, contextTokens - prompt.length);
	const phases = resolvePhases(request.phases, { oneToken, inert: (text) => inert.get(text) ?? [], roomTokens });
	const triggers = request.phases.map(({ grammar }, index) =>
		oneToken(grammar?.triggerToken ?? null, `phases[${index}].grammar.triggerToken`),
	);
	const run = new PhaseRun(request, { prompt, phases, triggers }, vocabulary);
	run.replay();
	return run;
}
