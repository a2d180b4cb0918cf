import { randomBytes } from 'node:crypto';
import type { FastifyInstance } from 'fastify';
import { createMessageEncoder } from '../../chat/apis/encode-message-events.ts';
import { messagesToChat, toMessagesTerms } from '../../chat/apis/messages-to-chat.ts';
import { countTokensSchema, messagesRequestSchema } from '../../protocol/messages-request.ts';
import { parseRequest } from '../../protocol/parse-request.ts';
import { addRoute } from '../add-route.ts';
import { toAnthropicError } from '../anthropic-error.ts';
import { beginCompletion, encodeEvents } from '../begin-completion.ts';
import { countPrompt } from '../count-prompt.ts';
import { type Framing, NAMED_EVENTS } from '../framing.ts';
import type { ChatServices } from './chat-completions.ts';

/** A failure in mid-stream is an event like the others, and the last event is the end. */
const MESSAGE_EVENTS: Framing = {
	...NAMED_EVENTS,
	error: (error) => NAMED_EVENTS.value(toAnthropicError(error)),
	end: '',
};

/** POST /v1/messages: Anthropic's form of the same generation, its thought in blocks of their own. */
export function addMessagesRoutes(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/messages',
		takesSlot: true,
		handler: async (request, reply) => {
			const wanted = parseRequest(messagesRequestSchema, request.body);
			const id = `msg_${randomBytes(12).toString('hex')}`;
			const isStreamed = wanted.stream === true;
			const chat = messagesToChat(wanted);
			const begun = await beginCompletion(services, request, reply, {
				chat,
				id,
				isStreamed,
				toTerms: toMessagesTerms,
			});
			const encoder = createMessageEncoder({
				id,
				model: begun.model,
				showsThinking: begun.showsThought,
				stopSequence: begun.stopSequence,
			});
			if (isStreamed) return begun.stream(encodeEvents(begun.events, encoder.push), MESSAGE_EVENTS);
			await begun.collect((event) => {
				for (const _ of encoder.push(event));
			});
			return encoder.message();
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
