import type { FastifyInstance } from 'fastify';
import { embeddingsRequestSchema } from '../../protocol/embeddings-request.ts';
import type { EmbeddingsResponse } from '../../protocol/embeddings-response.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { runEmbeddings } from '../run-embeddings.ts';
import type { ChatServices } from './chat-completions.ts';

/** POST /v1/embeddings, of a model that makes them. */
export function addEmbeddingsRoute(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/embeddings',
		takesSlot: true,
		handler: async (request, reply): Promise<EmbeddingsResponse> => {
			const { model, input, dimensions, encoding_format } = parseRequest(embeddingsRequestSchema, request.body);
			const wanted = { model, inputs: input, dimensions, truncate: false };
			const made = await runEmbeddings(services, request, reply, wanted);
			const encode = encoding_format === 'base64' ? toBase64 : (vector: Float32Array) => Array.from(vector);
			return {
				object: 'list',
				data: made.vectors.map((vector, index) => ({ object: 'embedding', index, embedding: encode(vector) })),
				model: made.model,
				usage: { prompt_tokens: made.promptTokens, total_tokens: made.promptTokens },
			};
		},
	});
}

function toBase64(vector: Float32Array): string {
	return Buffer.from(vector.buffer, vector.byteOffset, vector.byteLength).toString('base64');
}
