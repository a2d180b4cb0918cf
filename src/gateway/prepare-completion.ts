import { randomBytes } from 'node:crypto';
import type { CompletionMeta } from '../chat/encode-chunks.ts';
import type { ParseOptions } from '../chat/parse-output.ts';
import { prepareChat } from '../chat/prepare-chat.ts';
import type { ChatTemplate } from '../chat/template.ts';
import type { Config } from '../config/schema.ts';
import type { ChatRequest } from '../protocol/chat-request.ts';
import type { GenerateRequest, PromptPart, WorkerInfo } from '../protocol/worker-api.ts';
import type { TokenEstimate } from './admission.ts';
import { type Caller, cacheScopeOf } from './caller.ts';

export type PreparedCompletion = {
	request: GenerateRequest;
	estimate: TokenEstimate;
	parse: ParseOptions;
	meta: CompletionMeta;
};

export type CompletionInput = {
	chat: ChatRequest;
	model: string;
	info: WorkerInfo;
	template: ChatTemplate;
	caller: Caller;
	config: Config;
	version: string;
};

/** What chat makes of a request, with what only the front door knows: who asks, ids, time. Throws chat's 400s. */
export function prepareCompletion(input: CompletionInput): PreparedCompletion {
	const { chat, model, info, template, caller, config, version } = input;
	const { contextTokens } = info;
	const prepared = prepareChat({ request: chat, template, contextTokens, defaults: config, key: caller.key });
	const { generation } = prepared;
	// Not the client's x-request-id: two requests with the same one must not be taken for each other.
	const id = `chatcmpl-${randomBytes(12).toString('hex')}`;
	return {
		request: {
			...generation,
			requestId: id,
			resume: [],
			cacheScope: cacheScopeOf(caller, config.cache.scope),
		},
		estimate: estimateTokens(generation.prompt, generation.maxTokens, contextTokens),
		parse: prepared.parse,
		meta: {
			id,
			created: Math.floor(Date.now() / 1000),
			model,
			systemFingerprint: `retort-${version}-${info.model.fingerprint.slice(0, 8)}`,
			field: prepared.reasoning.field,
			includeUsage: chat.stream_options?.include_usage === true,
		},
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
