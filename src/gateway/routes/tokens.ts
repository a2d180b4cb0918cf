import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { invalidRequest } from '../../errors.ts';
import { type ChatRequest, parseChatRequest } from '../../protocol/chat-request.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { detokenizeSchema, tokenizeSchema } from '../../protocol/token-requests.ts';
import { addRoute } from '../add-route.ts';
import { abortOnDisconnect } from '../answer.ts';
import { callerOf } from '../caller.ts';
import { countPrompt, promptOf } from '../count-prompt.ts';
import { modelNameOr } from '../default-model.ts';
import { resolveModel } from '../resolve-model.ts';
import type { ChatServices } from './chat-completions.ts';

/** Each distinct token is a question to the worker. */
const MAX_PIECES = 2048;

/** What a text or a conversation is to the model, without generating anything. */
export function addTokenRoutes(app: FastifyInstance, services: ChatServices): void {
	const { pool } = services;

	addRoute(app, {
		method: 'POST',
		url: '/v1/tokenize',
		handler: async (request, reply) => {
			const wanted = parseRequest(tokenizeSchema, request.body);
			const { model, signal } = await addressed(request, reply, wanted.model);
			const text = { text: wanted.content, special: wanted.parse_special !== false };
			// A prompt that begins with token ids is left as it is; any other gets the BOS that the model wants.
			const tokens = await pool.tokenize(model, wanted.add_special === true ? [text] : [{ tokens: [] }, text], signal);
			if (wanted.with_pieces !== true) return { tokens };
			const distinct = [...new Set(tokens)];
			if (distinct.length > MAX_PIECES) {
				const message = `'with_pieces' is for at most ${MAX_PIECES} distinct tokens; the content has ${distinct.length}.`;
				throw invalidRequest('with_pieces', 'invalid_value', message);
			}
			const pieces = new Map<number, string>();
			for (const id of distinct) pieces.set(id, await pool.detokenize(model, [id], signal));
			return { tokens: tokens.map((id) => ({ id, piece: pieces.get(id) ?? '' })) };
		},
	});

	addRoute(app, {
		method: 'POST',
		url: '/v1/detokenize',
		handler: async (request, reply) => {
			const wanted = parseRequest(detokenizeSchema, request.body);
			const { model, signal } = await addressed(request, reply, wanted.model);
			return { content: await pool.detokenize(model, wanted.tokens, signal) };
		},
	});

	addRoute(app, {
		method: 'POST',
		url: '/v1/apply-template',
		handler: async (request, reply) => {
			const { signal } = abortOnDisconnect(request, reply);
			const { parts } = await promptOf(services, request, chatOf(request), signal);
			return { prompt: parts.map((part) => ('text' in part ? part.text : '')).join('') };
		},
	});

	addRoute(app, {
		method: 'POST',
		url: '/v1/chat/completions/input_tokens',
		handler: async (request, reply) => ({
			object: 'response.input_tokens',
			input_tokens: await countPrompt(services, request, reply, chatOf(request)),
		}),
	});

	async function addressed(request: FastifyRequest, reply: FastifyReply, name: string | undefined) {
		const caller = callerOf(request);
		const { signal } = abortOnDisconnect(request, reply);
		const { model } = await resolveModel(pool, caller, modelNameOr(name, pool, caller), 'any', signal);
		request.modelLabel = model.name;
		return { model: model.name, signal };
	}

	/** A chat request in which the model may be left out. */
	function chatOf(request: FastifyRequest): ChatRequest {
		const { body } = request;
		if (typeof body !== 'object' || body === null || Array.isArray(body)) return parseChatRequest(body);
		const { model } = body as { model?: unknown }; // of any type: the parse looks at it
		return parseChatRequest({ ...body, model: model ?? modelNameOr(undefined, pool, callerOf(request)) });
	}
}
