import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ChatRequest } from '../protocol/chat-request.ts';
import type { PromptPart } from '../protocol/worker-api.ts';
import { abortOnDisconnect } from './answer.ts';
import { callerOf } from './caller.ts';
import { prepareCompletion } from './prepare-completion.ts';
import { resolveModel } from './resolve-model.ts';
import type { ChatServices } from './routes/chat-completions.ts';

/** The prompt that this chat request would be generated from. Throws what the request itself would be refused with. */
export async function promptOf(
	services: ChatServices,
	request: FastifyRequest,
	chat: ChatRequest,
	signal: AbortSignal,
) {
	const caller = callerOf(request);
	const resolved = await resolveModel(services.pool, caller, chat.model, 'generate', signal);
	const model = resolved.model.name;
	request.modelLabel = model;
	const prepared = await prepareCompletion(services, { chat, resolved, caller, signal });
	const parts: PromptPart[] = prepared.request.prompt;
	return { parts, model };
}

/** Exact: the worker's own tokenizer, and the prompt as it would be sent. */
export async function countPrompt(
	services: ChatServices,
	request: FastifyRequest,
	reply: FastifyReply,
	chat: ChatRequest,
): Promise<number> {
	const { signal } = abortOnDisconnect(request, reply);
	const { parts, model } = await promptOf(services, request, chat, signal);
	return (await services.pool.tokenize(model, parts, signal)).length;
}
