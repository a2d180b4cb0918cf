import { randomBytes } from 'node:crypto';
import type { CompletionMeta } from '../chat/encode-chunks.ts';
import type { ParseOptions } from '../chat/parse-output.ts';
import { planGeneration } from '../chat/plan-generation.ts';
import { renderPrompt } from '../chat/render-prompt.ts';
import type { ChatTemplate } from '../chat/template.ts';
import type { Config } from '../config/schema.ts';
import type { ChatRequest } from '../protocol/chat-request.ts';
import type { GenerateRequest, PromptPart, WorkerInfo } from '../protocol/worker-api.ts';
import type { TokenEstimate } from './admission.ts';
import { type Caller, cacheScopeOf } from './caller.ts';

export type PreparedChat = {
	request: GenerateRequest;
	estimate: TokenEstimate;
	parse: ParseOptions;
	meta: CompletionMeta;
};

export type ChatInput = {
	chat: ChatRequest;
	model: string;
	info: WorkerInfo;
	template: ChatTemplate;
	caller: Caller;
	config: Config;
	version: string;
};

/** From what was asked to what a worker runs and how its events are told. Throws a 400 where the request conflicts. */
export function prepareChat({ chat, model, info, template, caller, config, version }: ChatInput): PreparedChat {
	const id = `chatcmpl-${randomBytes(12).toString('hex')}`;
	const plan = planGeneration({
		request: chat,
		reasoningTrait: template.traits.reasoning,
		contextTokens: info.contextTokens,
		defaults: config,
		key: caller.key,
	});
	const prompt = renderPrompt(template, chat.messages, { thinking: plan.reasoning.mode === 'on' });
	return {
		request: {
			requestId: id,
			prompt: prompt.parts,
			resume: [],
			phases: plan.phasesFor(prompt.opensInReasoning),
			maxTokens: plan.maxTokens,
			logprobs: plan.logprobs,
			cacheScope: cacheScopeOf(caller, config.cache.scope),
			keepForNextTurn: prompt.keepForNextTurn,
		},
		estimate: estimateTokens(prompt.parts, plan.maxTokens, info.contextTokens),
		parse: { stop: plan.stop, reasoning: plan.reasoning },
		meta: {
			id,
			created: Math.floor(Date.now() / 1000),
			model,
			systemFingerprint: `retort-${version}-${info.model.fingerprint.slice(0, 8)}`,
			field: plan.reasoning.field,
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
