import { invalidRequest, type RetortError, workerFailed, workerIncompatible } from '../../../errors.ts';
import { type GenerateRequest, PROTOCOL_VERSION, type WorkerInfo } from '../../../protocol/worker-api.ts';
import { createTokenDecoder } from '../../../tokens/token-decoder.ts';
import type { WorkerClient } from '../../worker-client.ts';
import type { StockEngine, StockModel } from '../stock-model.ts';
import { modelsSchema, tokenizeSchema } from './api.ts';
import { completionBody } from './completion-body.ts';
import { cacheSalt, type Dialect, dialectOf } from './dialects.ts';
import { createCompletionReader } from './read-completion.ts';
import { createSpeller } from './spell-text.ts';
import { createSpelledTokenise, createTokenise, type EncodeText } from './tokenise.ts';
import type { Tokenizer } from './tokenizer.ts';

export type OpenAiOptions = {
	/** What the model is called there. */
	model: string;
	/** Where its API lies, as /v1. */
	basePath: string;
	tokenizer: Tokenizer;
	/** null where the server tells it. */
	contextTokens: number | null;
	/** Requests at once: no server tells how many it takes. */
	slots: number;
};

/** Text with what tokenisers differ in: blanks, digits, accents, a character of several tokens. */
const SAMPLE = ' Hello, Wörld 1234!\n\n  猫 🙂';

/** Any server with a /v1/completions that streams: vLLM, SGLang, and what knows OpenAI's own fields alone. */
export function openAiEndpoint(options: OpenAiOptions): StockEngine {
	const { basePath, model } = options;
	let healthPath: string | null = null;
	return {
		name: 'an OpenAI-compatible endpoint',
		async join(client, { endpoint }, signal) {
			const { data } = await client.call('GET', `${basePath}/models`, null, { schema: modelsSchema, signal, refuse });
			const card = data.find(({ id }) => id === model);
			if (card === undefined)
				throw workerIncompatible(`it has no model ${model}, but ${data.map(({ id }) => id).join(', ') || 'none'}`);
			const dialect = dialectOf(card.owned_by);
			healthPath = dialect.healthPath === null ? null : rootOf(basePath) + dialect.healthPath;
			const contextTokens = Math.min(card.max_model_len ?? Infinity, options.contextTokens ?? Infinity);
			if (contextTokens === Infinity)
				throw workerIncompatible('it tells no context length: set contextTokens of the model');
			const encode = await joinTokenizer(client, dialect, options, signal);
			const info = describe(options, dialect, { contextTokens, created: card.owned_by ?? 'unknown' });
			return modelOf({ dialect, options, encode, info, secret: endpoint.token });
		},
		async lookAt(client, signal) {
			if (healthPath === null) return;
			const response = await client.send('GET', healthPath, null, signal);
			await response.body.dump();
			if (response.statusCode !== 200) throw workerFailed('The model worker does not serve.', response.statusCode);
		},
	};
}

function refuse(status: number): RetortError | null {
	if (status === 401 || status === 403) return workerIncompatible(`it refuses our key (status ${status})`);
	return status === 404 ? workerIncompatible('it has no /v1/models') : null;
}

/** What stands beside the API: /tokenize and /health are at the root. */
function rootOf(basePath: string): string {
	return basePath.replace(/\/v1$/, '');
}

/** How it tokenises, proved to be as the files say; null where it does not. */
async function joinTokenizer(
	client: WorkerClient,
	dialect: Dialect,
	{ basePath, model, tokenizer }: OpenAiOptions,
	signal: AbortSignal,
): Promise<EncodeText | null> {
	const { vocabulary, separator } = tokenizer;
	const path = `${rootOf(basePath)}/tokenize`;
	const encode: EncodeText = async (text, abort) =>
		(await client.call('POST', path, dialect.tokenizeBody(model, text), { schema: tokenizeSchema, signal: abort }))
			.tokens;
	let ids: number[];
	try {
		ids = await encode(SAMPLE + separator.text + SAMPLE, signal);
	} catch (error) {
		// Where it is the rule a failure is one; elsewhere there is no such thing.
		if (dialect.name !== 'plain' || signal.aborted) throw error;
		return null;
	}
	const decoder = createTokenDecoder();
	const text = ids.map((id) => decoder.push(vocabulary.piece(id))).join('') + decoder.end();
	if (text === SAMPLE + separator.text + SAMPLE && ids.filter((id) => id === separator.id).length === 1) return encode;
	throw workerIncompatible("its tokens are not those of the model's tokenizer folder");
}

function modelOf(joined: {
	dialect: Dialect;
	options: OpenAiOptions;
	encode: EncodeText | null;
	info: WorkerInfo;
	secret: string | null;
}): StockModel {
	const { dialect, encode, info, secret } = joined;
	const { model, basePath, tokenizer } = joined.options;
	const { vocabulary } = tokenizer;
	const spell = createSpeller(vocabulary);
	const tokenize = encode === null ? createSpelledTokenise(spell, tokenizer) : createTokenise(encode, tokenizer);
	const textOf = (id: number) => vocabulary.piece(id).text ?? '';
	let busy = 0;

	/** A server that is given text adds the BOS itself. */
	function asText(ids: readonly number[]): string {
		const shown = vocabulary.addsBos && ids[0] === vocabulary.bos ? ids.slice(1) : ids;
		return Buffer.concat(shown.map((id) => vocabulary.piece(id).bytes)).toString('utf8');
	}

	return {
		info,
		vocabulary,
		tellsPrefill: false,
		check: (request) => checkRequest(request, dialect),
		tokenize,
		inert: async (text, signal) =>
			encode === null ? spell(text) : tokenize([{ tokens: [] }, { text, special: false }], signal),
		take() {
			if (busy >= info.slots) return null;
			busy += 1;
			return {
				request: {
					path: `${basePath}/completions`,
					body: (stretch) =>
						completionBody(stretch, {
							model,
							prompt: encode === null ? asText(stretch.prompt) : stretch.prompt,
							extra: dialect.fields(stretch, {
								stopTexts: stretch.stops.map(textOf),
								salt: cacheSalt(secret, stretch.cacheScope),
							}),
						}),
					read: (run) => createCompletionReader(run, tokenizer, spell),
				},
				keep() {},
				release() {
					busy -= 1;
				},
			};
		},
	};
}

/** What the server has no word for. */
function checkRequest({ phases, logprobs }: GenerateRequest, { lacks }: Dialect): void {
	const asks = {
		top_k: phases.some(({ sampling }) => sampling.topK !== 0),
		min_p: phases.some(({ sampling }) => sampling.minP !== 0),
		repetition_penalty: phases.some(({ sampling }) => sampling.repetitionPenalty !== 1),
		response_format: phases.some(({ grammar }) => grammar !== null),
		logprobs: logprobs !== null,
	};
	const param = lacks.find((name) => asks[name]);
	if (param !== undefined)
		throw invalidRequest(param, 'unsupported_value', `The server behind this model cannot do '${param}'.`);
}

function describe(
	{ model, slots, tokenizer }: OpenAiOptions,
	{ name }: Dialect,
	{ contextTokens, created }: { contextTokens: number; created: string },
): WorkerInfo {
	return {
		protocolVersion: PROTOCOL_VERSION,
		versions: { retort: '-', nodeLlamaCpp: '-', llamaCpp: '-', backend: name === 'plain' ? created : name },
		model: {
			name: model,
			// It tells none: vocabulary and template have to do.
			fingerprint: '',
			architecture: 'unknown',
			parameters: 0,
			fileBytes: 0,
			trainContextTokens: contextTokens,
			vocabularySize: tokenizer.vocabularySize,
		},
		chatTemplate: tokenizer.chatTemplate,
		tokens: { bos: tokenizer.bosText, eos: tokenizer.eosText, special: [...tokenizer.vocabulary.marks.keys()] },
		contextTokens,
		slots,
		threads: 0,
	};
}
