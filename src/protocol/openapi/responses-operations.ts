import { responsesEventSchema } from '../responses-event.ts';
import { responsesRequestSchema } from '../responses-request.ts';
import { responseSchema } from '../responses-response.ts';
import { deletedResponseSchema, inputItemsSchema } from '../server-responses.ts';
import type { Operation } from './operation.ts';
import { idempotencyKey, pathId } from './parameters.ts';

const RESPONSES = `OpenAI's newer form of the same generation: output in items, a thought as an item of the type \`reasoning\`. The thought stands in its \`content\` as \`reasoning_text\` and, since some clients read nothing else, in its \`summary\` as well; with \`reasoning.summary\` in the summary alone.

All that steers reasoning in chat completions does so here. \`previous_response_id\` goes on from a response that is kept. Kept responses are in memory of this one server, bounded, and for as long as it is set to keep them; a key finds only what it made.

Only function tools. \`background\`, \`conversation\`, \`prompt\` and \`truncation: "auto"\` are refused.`;

const EVENTS =
	'`event:` has the type of the object in `data:`; `sequence_number` counts from 0. The last one is `response.completed`, `response.incomplete` or `response.failed`, then comes `data: [DONE]`. A failure is an `error` event before `response.failed`.';

const response = pathId(
	'The `id` of the response: `resp_...`.',
	'resp_68af4030592c81938ec0a5fbab4a3e9f05438e46b5f69a3b',
);

export const responsesOperations: Operation[] = [
	{
		method: 'post',
		path: '/v1/responses',
		id: 'createResponse',
		tag: 'Responses',
		summary: 'Create a response',
		description: RESPONSES,
		generates: true,
		parameters: [idempotencyKey],
		request: responsesRequestSchema,
		examples: {
			plain: { model: 'pocket-reasoner', input: 'Is 91 a prime?' },
			streamed: { model: 'pocket-reasoner', input: 'Is 91 a prime?', reasoning: { effort: 'low' }, stream: true },
		},
		answer: {
			description: 'The response, or its events with `stream: true`.',
			json: responseSchema,
			stream: { event: responsesEventSchema, description: EVENTS, end: '[DONE]' },
			headers: ['idempotent-replayed'],
		},
	},
	{
		method: 'get',
		path: '/v1/responses/{id}',
		id: 'getResponse',
		tag: 'Responses',
		summary: 'Get a response that is kept or under way',
		parameters: [response],
		answer: { description: 'The response.', json: responseSchema },
		failures: [404],
	},
	{
		method: 'delete',
		path: '/v1/responses/{id}',
		id: 'deleteResponse',
		tag: 'Responses',
		summary: 'Forget a response',
		description: 'Those that went on from it keep their conversation.',
		parameters: [response],
		answer: { description: 'It is forgotten.', json: deletedResponseSchema },
		failures: [404],
	},
	{
		method: 'post',
		path: '/v1/responses/{id}/cancel',
		id: 'cancelResponse',
		tag: 'Responses',
		summary: 'End a response that is under way',
		parameters: [response],
		answer: { description: 'The response, with the status `cancelled`.', json: responseSchema },
		failures: [404],
	},
	{
		method: 'get',
		path: '/v1/responses/{id}/input_items',
		id: 'listInputItems',
		tag: 'Responses',
		summary: 'List the conversation that a response was made from',
		parameters: [
			response,
			{
				name: 'limit',
				in: 'query',
				description: 'How many.',
				schema: { type: 'integer', minimum: 1, maximum: 100, default: 20 },
			},
			{ name: 'order', in: 'query', description: 'By time.', schema: { enum: ['asc', 'desc'], default: 'desc' } },
			{ name: 'after', in: 'query', description: 'Id of the item after which to begin.' },
		],
		answer: { description: 'The items.', json: inputItemsSchema },
		failures: [404],
	},
];
