import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { ollamaEmbeddingsRequestSchema, ollamaEmbedRequestSchema } from '../../protocol/ollama-request.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { fromOllamaName } from '../ollama-names.ts';
import { runEmbeddings } from '../run-embeddings.ts';
import type { ChatServices } from './chat-completions.ts';

/** POST /api/embed, and /api/embeddings as it was before. Ollama cuts inputs that are too long unless it is told not to. */
export function addOllamaEmbedRoutes(app: FastifyInstance, services: ChatServices): void {
	const embed = (
		request: FastifyRequest,
		reply: FastifyReply,
		wanted: { model: string; inputs: string[]; truncate?: boolean | undefined; dimensions?: number | undefined },
	) => {
		const { model, inputs, truncate = true, dimensions } = wanted;
		return runEmbeddings(services, request, reply, {
			...{ model: fromOllamaName(model, services.pool), inputs, truncate, dimensions },
		});
	};

	addRoute(app, {
		method: 'POST',
		url: '/api/embed',
		takesSlot: true,
		handler: async (request, reply) => {
			const { input, ...wanted } = parseRequest(ollamaEmbedRequestSchema, request.body);
			const { vectors, promptTokens } = await embed(request, reply, { ...wanted, inputs: input });
			return {
				model: wanted.model,
				embeddings: vectors.map((vector) => Array.from(vector)),
				total_duration: Math.round((performance.now() - request.startedAt) * 1e6),
				load_duration: 0,
				prompt_eval_count: promptTokens,
			};
		},
	});
	addRoute(app, {
		method: 'POST',
		url: '/api/embeddings',
		takesSlot: true,
		handler: async (request, reply) => {
			const { model, prompt } = parseRequest(ollamaEmbeddingsRequestSchema, request.body);
			const { vectors } = await embed(request, reply, { model, inputs: [prompt] });
			return { embedding: vectors.flatMap((vector) => Array.from(vector)) };
		},
	});
}
