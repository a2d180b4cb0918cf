import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import { collectCompletion } from '../../chat/collect-completion.ts';
import { encodeChunks } from '../../chat/encode-chunks.ts';
import { parseOutput } from '../../chat/parse-output.ts';
import type { Config } from '../../config/schema.ts';
import { shuttingDown } from '../../errors.ts';
import { parseChatRequest } from '../../protocol/chat-request.ts';
import { addRoute } from '../add-route.ts';
import { onDisconnect } from '../disconnect-signal.ts';
import { clientLeft, missingKey } from '../errors.ts';
import { firstOf } from '../first-event.ts';
import type { ModelTemplates } from '../model-templates.ts';
import { toRetortError } from '../plugins/errors.ts';
import { prepareCompletion } from '../prepare-completion.ts';
import { resolveModel } from '../resolve-model.ts';
import { type CompletionServices, runCompletion } from '../run-completion.ts';
import { sendSse } from '../send-sse.ts';

export type ChatServices = CompletionServices & { config: Config; version: string; templates: ModelTemplates };

/**
 * POST /v1/chat/completions. Whole and streamed answers are one path until their last step: the whole one collects the
 * very events that the stream sends. Nothing is sent before the generation holds a slot, so that everything that can
 * be refused until then is a status of its own.
 */
export function addChatCompletionsRoute(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/chat/completions',
		handler: async (request, reply) => {
			if (services.running.isDraining) throw shuttingDown();
			const chat = parseChatRequest(request.body);
			const { caller } = request;
			if (caller === null) throw missingKey();
			const { model, info } = resolveModel(services.pool, caller, chat.model);
			request.modelLabel = model.name;
			const { config, version, templates } = services;
			const template = templates.of(model.name, info);
			const prepared = prepareCompletion({ chat, model: model.name, info, template, caller, config, version });
			const abort = abortOnDisconnect(request, reply);
			const events = runCompletion(services, {
				httpRequestId: request.id,
				caller,
				model: model.name,
				isStreamed: chat.stream === true,
				estimate: prepared.estimate,
				request: prepared.request,
				abort,
				setHeaders: (headers) => reply.headers(headers),
			});
			const started = await firstOf(events);
			request.hasGeneration = true;
			const chatEvents = parseOutput(started, prepared.parse);
			if (chat.stream !== true) {
				try {
					return await collectCompletion(chatEvents, prepared.meta);
				} finally {
					await started.return();
				}
			}
			const { heartbeatSeconds, slowReaderSeconds } = config.server;
			return sendSse(reply, encodeChunks(chatEvents, prepared.meta), {
				heartbeatMs: heartbeatSeconds * 1000,
				slowReaderMs: slowReaderSeconds * 1000,
				abort,
				toError: (error) => toRetortError(error, request, services.log),
				onClose: () => started.return(),
			});
		},
	});
}

function abortOnDisconnect(request: FastifyRequest, reply: FastifyReply): AbortController {
	const abort = new AbortController();
	const stop = onDisconnect(reply.raw, request.raw.socket, () => abort.abort(clientLeft()));
	reply.raw.once('finish', stop);
	return abort;
}
