import type { CompletionMeta } from '../chat/encode-chunks.ts';
import { grammarSourceOf } from '../chat/grammar-source.ts';
import type { ParseOptions } from '../chat/parse-output.ts';
import { prepareChat } from '../chat/prepare-chat.ts';
import type { Config } from '../config/schema.ts';
import type { ChatRequest } from '../protocol/chat-request.ts';
import type { GenerateRequest, PromptPart } from '../protocol/worker-api.ts';
import type { TokenEstimate } from './admission.ts';
import { type Caller, cacheScopeOf } from './caller.ts';
import type { GrammarCompiler } from './grammar-compiler.ts';
import type { ModelTemplates } from './model-templates.ts';
import { randomHex24 } from './random-hex.ts';
import type { ResolvedModel } from './resolve-model.ts';
import { systemFingerprint } from './system-fingerprint.ts';

/** `isSample`: it stands for election, and one alone of its kind is shown. */
export type PreparedChoice = { request: GenerateRequest; parse: ParseOptions; isSample: boolean };

export type PreparedCompletion = {
	/** Of the first choice. */
	request: GenerateRequest;
	/** Of each choice. */
	choices: PreparedChoice[];
	estimate: TokenEstimate;
	parse: ParseOptions;
	meta: CompletionMeta;
};

export type PrepareServices = { config: Config; version: string; templates: ModelTemplates; grammars: GrammarCompiler };

export type CompletionInput = {
	chat: ChatRequest;
	resolved: ResolvedModel;
	caller: Caller;
	/** Of the client: who has left needs no grammar. */
	signal: AbortSignal;
	/** The generation's id where it is not that of a chat completion. */
	id?: string;
};

/** What chat makes of a request, with what only the front door knows: who asks, ids, time. Throws chat's 400s. */
export async function prepareCompletion(
	services: PrepareServices,
	input: CompletionInput,
): Promise<PreparedCompletion> {
	const { config, version } = services;
	const { chat, caller } = input;
	const { info } = input.resolved;
	const model = input.resolved.model.name;
	const template = services.templates.of(model, info);
	const { contextTokens } = info;
	const defaults = { sampling: config.sampling, reasoning: reasoningOf(config, model) };
	const source = grammarSourceOf(chat, template.toolFormat);
	const grammar = source === null ? null : await services.grammars.compile(source, caller.bucket, input.signal);
	const prepared = prepareChat({ request: chat, template, grammar, contextTokens, defaults, key: caller.key });
	const { generation } = prepared;
	// Not the client's x-request-id: two requests with the same one must not be taken for each other.
	const id = input.id ?? `chatcmpl-${randomHex24()}`;
	const { samples } = chat.reasoning ?? {};
	const request: GenerateRequest = {
		...generation,
		// Which of several samples the next turn will follow is not known yet.
		...(samples === undefined ? {} : { keepForNextTurn: null }),
		requestId: id,
		resume: [],
		cacheScope: cacheScopeOf(caller, config.cache.scope),
	};
	const count = samples ?? chat.n ?? 1;
	const estimate = estimateTokens(generation.prompt, generation.maxTokens, contextTokens);
	return {
		request,
		choices: Array.from({ length: count }, (_, index) => ({
			request: index === 0 ? request : requestOfChoice(request, index),
			parse: prepared.parse,
			isSample: samples !== undefined,
		})),
		estimate: { ...estimate, completionTokens: estimate.completionTokens * count },
		parse: prepared.parse,
		meta: {
			id,
			created: Math.floor(Date.now() / 1000),
			model,
			systemFingerprint: systemFingerprint(version, info),
			field: prepared.reasoning.field,
			includeUsage: chat.stream_options?.include_usage === true,
		},
	};
}

/** The server's, with the model's own closing words. */
function reasoningOf({ models, reasoning }: Config, model: string): Config['reasoning'] {
	const closing = models[model]?.closing ?? null;
	return closing === null ? reasoning : { ...reasoning, closing };
}

/** The same with an id and a seed of its own. What the next turn holds is known of one answer alone. */
function requestOfChoice(first: GenerateRequest, index: number): GenerateRequest {
	return {
		...first,
		requestId: `${first.requestId}-${index}`,
		keepForNextTurn: null,
		phases: first.phases.map((phase) => {
			const { seed } = phase.sampling;
			return { ...phase, sampling: { ...phase.sampling, seed: seed === null ? null : (seed + index) >>> 0 } };
		}),
	};
}

/** Close enough to reserve by; the worker's own count settles it. */
const BYTES_PER_TOKEN = 3;

function estimateTokens(prompt: PromptPart[], maxTokens: number | null, contextTokens: number): TokenEstimate {
	let promptTokens = 0;
	for (const part of prompt) {
		promptTokens += 'text' in part ? Math.ceil(Buffer.byteLength(part.text) / BYTES_PER_TOKEN) : part.tokens.length;
	}
	const room = Math.max(0, contextTokens - promptTokens);
	return { promptTokens, completionTokens: Math.min(maxTokens ?? room, room), isExplicit: maxTokens !== null };
}
