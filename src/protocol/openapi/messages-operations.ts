import { countTokensSchema, messagesRequestSchema } from '../messages-request.ts';
import { messageSchema, messagesEventSchema } from '../messages-response.ts';
import { messageTokensSchema } from '../server-responses.ts';
import type { Operation } from './operation.ts';

export const messagesOperations: Operation[] = [
	{
		method: 'post',
		path: '/v1/messages',
		id: 'createMessage',
		tag: 'Messages',
		summary: 'Answer a conversation, in the form of Anthropic',
		description:
			'Text and tools only. With `thinking` in the request a thought is a block of its own before the text; its signature is empty. Keys are taken from `x-api-key` too.',
		generates: true,
		envelope: 'Anthropic',
		request: messagesRequestSchema,
		examples: {
			plain: {
				model: 'pocket-reasoner',
				max_tokens: 512,
				thinking: { type: 'enabled', budget_tokens: 200 },
				messages: [{ role: 'user', content: 'Is 91 a prime?' }],
			},
		},
		answer: {
			description: 'The message, or its events with `stream: true`.',
			json: messageSchema,
			stream: {
				event: messagesEventSchema,
				description: '`event:` has the type of the object in `data:`. The last one is `message_stop`, or `error`.',
			},
			headers: ['request-id'],
		},
	},
	{
		method: 'post',
		path: '/v1/messages/count_tokens',
		id: 'countMessageTokens',
		tag: 'Messages',
		summary: 'Count the tokens of a conversation, in the form of Anthropic',
		envelope: 'Anthropic',
		request: countTokensSchema,
		examples: { plain: { model: 'pocket-reasoner', messages: [{ role: 'user', content: 'Is 91 a prime?' }] } },
		answer: { description: 'The count.', json: messageTokensSchema, headers: ['request-id'] },
		failures: [404, 503],
	},
];
