import { chatRequestSchema } from '../chat-request.ts';
import { chatCompletionChunkSchema, chatCompletionSchema } from '../chat-response.ts';
import { endedReasoningSchema, inputTokensSchema } from '../server-responses.ts';
import { countedChatSchema } from '../token-requests.ts';
import type { Operation } from './operation.ts';
import { idempotencyKey, pathId } from './parameters.ts';

const question = { messages: [{ role: 'user', content: 'Is 91 a prime?' }] };

const CHAT = `The model thinks first, and its thought is a field of its own: \`reasoning_content\` of the message, or of the stream's deltas.

**Steering the thought.** How long: \`reasoning_effort\`, or a budget in tokens in any of the spellings that clients of other servers use: \`reasoning.max_tokens\` (OpenRouter), \`thinking.budget_tokens\` (Anthropic), \`thinking_token_budget\` (vLLM), \`thinking_budget_tokens\` and \`reasoning_budget_tokens\` (llama-server), \`max_thinking_tokens\`; or a time, \`max_thinking_ms\`. At the budget the thought is closed with a short phrase at the end of a sentence, and the answer follows. Whether at all: \`reasoning_effort: "none"\`, \`reasoning.enabled\`, \`thinking.type\`, \`think\` (Ollama) or \`chat_template_kwargs.enable_thinking\`. Two spellings that disagree are a 400.

**Where it is shown.** \`reasoning_field\` says: \`reasoning_content\`, \`reasoning\`, \`both\`, \`tags\` (inline, between \`<think>\` and \`</think>\`) or \`hidden\`. Its tokens are counted in \`usage\` all the same.

**How it ended** stands in \`reasoning_status\` of the message, and of the last chunk: its state, tokens, milliseconds and the budget that applied.

**Better answers for more tokens:** \`reasoning.samples\` draws several answers from one prompt and returns the one that the majority agrees with; \`reasoning_status.votes\` has the count.

**Enough thought** while a stream runs: \`POST /v1/chat/completions/{id}/end-reasoning\`.

\`null\` means absent for every optional field. Unknown fields are ignored. Known fields that cannot be honoured are a 400 that names them.`;

const CHUNKS = `One \`data:\` line a chunk, then \`data: [DONE]\`. The first chunk of a choice has its role, the last one its \`finish_reason\`; each delta has only the field that changed. Comments (lines that begin with a colon) bridge silences. A failure in mid-stream is one chunk \`{"error": {...}}\` and no \`[DONE]\`.`;

export const chatOperations: Operation[] = [
	{
		method: 'post',
		path: '/v1/chat/completions',
		id: 'createChatCompletion',
		tag: 'Chat',
		summary: 'Answer a conversation',
		description: CHAT,
		generates: true,
		parameters: [idempotencyKey],
		request: chatRequestSchema,
		examples: {
			plain: { model: 'pocket-reasoner', ...question },
			budget: { model: 'pocket-reasoner', ...question, max_thinking_tokens: 200, stream: true },
			withoutThought: { model: 'pocket-reasoner', ...question, reasoning_effort: 'none' },
			majority: { model: 'pocket-reasoner', ...question, reasoning: { samples: 5 } },
			structured: {
				model: 'pocket-reasoner',
				...question,
				response_format: {
					type: 'json_schema',
					json_schema: { name: 'verdict', schema: { type: 'object', properties: { prime: { type: 'boolean' } } } },
				},
			},
		},
		answer: {
			description: 'The completion, or its chunks with `stream: true`.',
			json: chatCompletionSchema,
			stream: { event: chatCompletionChunkSchema, description: CHUNKS, end: '[DONE]' },
			headers: ['idempotent-replayed'],
		},
	},
	{
		method: 'post',
		path: '/v1/chat/completions/{id}/end-reasoning',
		id: 'endReasoning',
		tag: 'Chat',
		summary: 'Close the thought of a running completion',
		description:
			'The answer comes now; `reasoning_status.state` will be `ended`. Ids are those of the chunks, so it is streams that can be steered. For the key that started the completion alone.',
		parameters: [pathId('The `id` of the chunks: `chatcmpl-...`.', 'chatcmpl-8c1d3f5a7b9e0d2c4f6a8b0c')],
		answer: { description: 'The thought is being closed.', json: endedReasoningSchema },
		failures: [404],
	},
	{
		method: 'post',
		path: '/v1/chat/completions/input_tokens',
		id: 'countChatTokens',
		tag: 'Chat',
		summary: 'Count the tokens of a conversation',
		description: "Exact: the model's own template and tokenizer over the same body. Nothing is generated.",
		request: countedChatSchema,
		examples: { plain: question },
		answer: { description: 'The count.', json: inputTokensSchema },
		failures: [404, 503],
	},
];
