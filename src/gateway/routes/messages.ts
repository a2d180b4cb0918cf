import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { createMessageEncoder, type MessageEncoder } from '../../chat/encode-message-events.ts';
import { messagesToChat } from '../../chat/messages-to-chat.ts';
import { parseOutput } from '../../chat/parse-output.ts';
import { describeProgress, ProgressTracker } from '../../chat/progress.ts';
import { watchStop } from '../../chat/watch-stop.ts';
import { type RetortError, shuttingDown } from '../../errors.ts';
import { countTokensSchema, messagesRequestSchema } from '../../protocol/messages-request.ts';
import type { MessagesEvent } from '../../protocol/messages-response.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { abortOnDisconnect } from '../answer.ts';
import { toAnthropicError } from '../anthropic-error.ts';
import { countPrompt } from '../count-prompt.ts';
import { isClientLeft, missingKey } from '../errors.ts';
import { firstOf } from '../first-event.ts';
import { toRetortError } from '../plugins/errors.ts';
import { prepareCompletion } from '../prepare-completion.ts';
import { resolveModel } from '../resolve-model.ts';
import { runCompletion } from '../run-completion.ts';
import { sendSse } from '../send-sse.ts';
import type { ChatServices } from './chat-completions.ts';

/** POST /v1/messages: Anthropic's form of the same generation, its thought in blocks of their own. */
export function addMessagesRoutes(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/messages',
		handler: async (request, reply) => {
			if (services.running.isDraining) throw shuttingDown();
			const wanted = parseRequest(messagesRequestSchema, request.body);
			const chat = messagesToChat(wanted);
			const { caller } = request;
			if (caller === null) throw missingKey();
			const { config, version, templates, pool } = services;
			const { model, info } = resolveModel(pool, caller, chat.model);
			request.modelLabel = model.name;
			const template = templates.of(model.name, info);
			const id = `msg_${randomBytes(12).toString('hex')}`;
			const prepared = prepareCompletion({ chat, model: model.name, info, template, caller, config, version, id });
			const abort = abortOnDisconnect(request, reply);
			const progress = new ProgressTracker(prepared.parse.reasoning.budgetTokens);
			const stop = watchStop(prepared.parse.stop);
			const events = runCompletion(services, {
				httpRequestId: request.id,
				caller,
				model: model.name,
				isStreamed: wanted.stream === true,
				estimate: prepared.estimate,
				request: prepared.request,
				abort,
				progress,
				setHeaders: (headers) => reply.headers(headers),
			});
			const started = await firstOf(events);
			request.hasGeneration = true;
			const encoder = createMessageEncoder({
				id,
				model: model.name,
				showsThinking: wanted.thinking !== undefined,
				stopSequence: stop.found,
			});
			const values = encode(encoder, parseOutput(stop.watch(started), prepared.parse), (error) =>
				wanted.stream === true && !isClientLeft(error) ? toRetortError(error, request, services.log) : null,
			);
			if (wanted.stream !== true) {
				try {
					for await (const _ of values);
					return encoder.message();
				} finally {
					await started.return();
				}
			}
			return sendSse(reply, values, {
				heartbeatMs: config.server.heartbeatSeconds * 1000,
				slowReaderMs: config.server.slowReaderSeconds * 1000,
				abort,
				toError: (error) => toRetortError(error, request, services.log),
				onClose: () => started.return(),
				comment: () => describeProgress(progress.snapshot()),
				frameOf: (value) => eventFrame(value as MessagesEvent), // the values are those of `encode`
			});
		},
	});

	addRoute(app, {
		method: 'POST',
		url: '/v1/messages/count_tokens',
		handler: async (request, reply) => {
			const chat = messagesToChat(parseRequest(countTokensSchema, request.body));
			return { input_tokens: await countPrompt(services, request, reply, chat) };
		},
	});
}

/** A failure in mid-stream is an event of its own here; `shown` is null where it is not for the stream. */
async function* encode(
	encoder: MessageEncoder,
	events: ReturnType<typeof parseOutput>,
	shown: (error: unknown) => RetortError | null,
): AsyncGenerator<MessagesEvent, void, undefined> {
	try {
		for await (const event of events) yield* encoder.push(event);
	} catch (error) {
		const failure = shown(error);
		if (failure === null) throw error;
		yield toAnthropicError(failure);
	}
}

function eventFrame(event: MessagesEvent): string {
	return `event: ${event.type}\ndata: ${JSON.stringify(event)}\n\n`;
}
