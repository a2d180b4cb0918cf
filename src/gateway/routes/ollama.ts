import { randomBytes } from 'node:crypto';
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { createOllamaEncoder, loadedLine, type OllamaLineMeta } from '../../chat/apis/encode-ollama.ts';
import { ollamaToChat, toOllamaTerms } from '../../chat/apis/ollama-to-chat.ts';
import {
	type OllamaChatRequest,
	type OllamaGenerateRequest,
	ollamaChatRequestSchema,
	ollamaGenerateRequestSchema,
} from '../../protocol/ollama-request.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { abortOnDisconnect } from '../answer.ts';
import { beginCompletion, encodeEvents } from '../begin-completion.ts';
import { callerOf } from '../caller.ts';
import { ndjson } from '../framing.ts';
import { fromOllamaName } from '../ollama-names.ts';
import { resolveModel } from '../resolve-model.ts';
import type { ChatServices } from './chat-completions.ts';

/** POST /api/chat and /api/generate: Ollama's form of the same generation, for the tools that look for Ollama first. */
export function addOllamaRoutes(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/api/chat',
		takesSlot: true,
		handler: (request, reply) =>
			generate(services, request, reply, 'chat', parseRequest(ollamaChatRequestSchema, request.body)),
	});
	addRoute(app, {
		method: 'POST',
		url: '/api/generate',
		takesSlot: true,
		handler: (request, reply) =>
			generate(services, request, reply, 'generate', parseRequest(ollamaGenerateRequestSchema, request.body)),
	});
}

async function generate(
	services: ChatServices,
	request: FastifyRequest,
	reply: FastifyReply,
	endpoint: OllamaLineMeta['endpoint'],
	wanted: OllamaChatRequest | OllamaGenerateRequest,
): Promise<unknown> {
	const meta = { model: wanted.model, endpoint, nowMs: epochMs };
	const name = fromOllamaName(wanted.model, services.pool);
	const chat = ollamaToChat(wanted, name);
	if (chat === null) {
		const caller = callerOf(request);
		const { signal } = abortOnDisconnect(request, reply);
		request.modelLabel = (await resolveModel(services.pool, caller, name, 'any', signal)).model.name;
		return loadedLine(meta);
	}
	const isStreamed = wanted.stream !== false;
	const id = `ollama-${randomBytes(12).toString('hex')}`;
	const begun = await beginCompletion(services, request, reply, { chat, id, isStreamed, toTerms: toOllamaTerms });
	const encoder = createOllamaEncoder({
		...meta,
		showsThinking: begun.showsThought,
		begunMs: performance.timeOrigin + request.startedAt,
	});
	if (isStreamed) return begun.stream(encodeEvents(begun.events, encoder.push), ndjson(encoder.nothing));
	await begun.collect((event) => {
		for (const _ of encoder.push(event));
	});
	return encoder.whole();
}

/** The wall clock, in fractions of a millisecond. */
function epochMs(): number {
	return performance.timeOrigin + performance.now();
}
