import type { LightMyRequestResponse } from 'fastify';
import { expect, test } from 'vitest';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';
import type { FakeScript } from '../support/fake-worker.ts';
import {
	type AnthropicName,
	type OfficialName,
	schemasOfDocuments,
	schemasOfTypes,
} from '../support/official/schemas.ts';
import { delta, diesAfterAWord, eventsOf, START, thinkThenSay } from './support/scripts.ts';
import { CHAT, startGateway } from './support/start-gateway.ts';

/** `npm run check:official-documents` runs the same against the documents themselves. */
const folder = process.env.RETORT_OFFICIAL_DOCUMENTS;
const official = folder === undefined ? schemasOfTypes() : schemasOfDocuments(folder);

const WEATHER = {
	name: 'weather',
	description: 'of a city',
	parameters: { type: 'object', properties: { city: { type: 'string' } } },
};
const CALL =
	'<｜tool▁calls▁begin｜><｜tool▁call▁begin｜>function<｜tool▁sep｜>weather\n```json\n{"city":"Oslo"}\n```<｜tool▁call▁end｜><｜tool▁calls▁end｜>';
const SCHEMA = { type: 'object', properties: { a: { type: 'integer' } }, required: ['a'], additionalProperties: false };

const plain = thinkThenSay('Add them.', 'It is 42.');
const calls = thinkThenSay('Look it up.', CALL);
const asksAtOnce = thinkThenSay('', '{"a": 1}');

/** The tokens run out in the thought. */
const cutInThought: FakeScript = async (turn) => {
	const end = eventsOf('', '').at(-1);
	const cut: WorkerEvent[] = end?.type === 'generation-end' ? [{ ...end, finishReason: 'length' }] : [];
	const thoughtEnd: WorkerEvent = {
		type: 'phase-end',
		phase: 'reasoning',
		reason: 'length',
		tokens: 1,
		ms: 1,
		emptyRetries: 0,
		ids: [],
	};
	await turn.send(START, delta('reasoning', 'Hm. '), thoughtEnd, ...cut);
	turn.end();
};

/** Every token with its log-probability and one alternative. */
const withLogprobs: FakeScript = async (turn) => {
	const events = eventsOf('Add them.', 'It is 42.').map((event): WorkerEvent => {
		if (event.type !== 'delta') return event;
		const bytes = Buffer.from(event.text).toString('base64');
		const token = { id: 1, bytes, logprob: -0.5 };
		return { ...event, logprobs: [{ ...token, top: [token, { id: 2, bytes: 'eA==', logprob: -9999 }] }] };
	});
	await turn.send(...events);
	turn.end();
};

type Case = [what: string, url: string, body: object, script: FakeScript];

const chat = (body: object) => ({ ...CHAT, ...body });
const tools = [{ type: 'function', function: WEATHER }];
const format = { type: 'json_schema', json_schema: { name: 'a', schema: SCHEMA } };
const CHATS: Case[] = [
	['plain', '/v1/chat/completions', chat({}), plain],
	['two choices', '/v1/chat/completions', chat({ n: 2 }), plain],
	['samples', '/v1/chat/completions', chat({ reasoning: { samples: 2 } }), plain],
	['without thought', '/v1/chat/completions', chat({ reasoning_effort: 'none' }), asksAtOnce],
	['log-probabilities', '/v1/chat/completions', chat({ logprobs: true, top_logprobs: 2 }), withLogprobs],
	['tool calls', '/v1/chat/completions', chat({ tools }), calls],
	['structured', '/v1/chat/completions', chat({ response_format: format }), thinkThenSay('Hm.', '{"a": 1}')],
	['cut in the thought', '/v1/chat/completions', chat({ max_tokens: 5 }), cutInThought],
	['both fields', '/v1/chat/completions', chat({ reasoning_field: 'both' }), plain],
];

const TEXT = { model: 'fake', prompt: 'One, two' };
const TEXTS: Case[] = [
	['plain', '/v1/completions', TEXT, thinkThenSay('', ' three')],
	[
		'choices of two prompts',
		'/v1/completions',
		{ ...TEXT, prompt: ['a', 'b'], n: 2, echo: true },
		thinkThenSay('', 'c'),
	],
	['log-probabilities', '/v1/completions', { ...TEXT, logprobs: 1 }, withLogprobs],
];

const INPUT = { model: 'fake', input: 'What is 17+25?' };
const RESPONSES: Case[] = [
	['plain', '/v1/responses', INPUT, plain],
	[
		'summary',
		'/v1/responses',
		{ ...INPUT, reasoning: { effort: 'low', summary: 'auto' }, metadata: { a: 'b' } },
		plain,
	],
	[
		'log-probabilities',
		'/v1/responses',
		{ ...INPUT, include: ['message.output_text.logprobs'], top_logprobs: 1 },
		withLogprobs,
	],
	['tool calls', '/v1/responses', { ...INPUT, tools: [{ type: 'function', ...WEATHER, strict: false }] }, calls],
	[
		'structured',
		'/v1/responses',
		{ ...INPUT, text: { format: { type: 'json_schema', name: 'a', schema: SCHEMA } } },
		thinkThenSay('Hm.', '{"a": 1}'),
	],
	['cut in the thought', '/v1/responses', { ...INPUT, max_output_tokens: 5 }, cutInThought],
];

test.each([...CHATS, ...TEXTS])(
	'%s from %s is as OpenAI documents it, whole and streamed',
	async (_what, url, body, script) => {
		const { app } = await startGateway({ script });
		const isText = url === '/v1/completions';
		const whole = await app.inject({ method: 'POST', url, payload: body });
		expect(whole.statusCode).toBe(200);
		expectOfficial(isText ? 'TextCompletion' : 'ChatCompletion', whole.json());

		const payload = {
			...body,
			stream: true,
			stream_options: { include_usage: true, ...(isText ? {} : { include_progress: true }) },
		};
		const chunks = eventsIn(await app.inject({ method: 'POST', url, payload }));
		expect(chunks.at(-1)).toBe('[DONE]');
		expect(chunks.length).toBeGreaterThan(3);
		for (const chunk of chunks.slice(0, -1))
			expectOfficial(isText ? 'TextCompletion' : 'ChatCompletionChunk', JSON.parse(chunk), body);
	},
);

test.each(RESPONSES)(
	'%s from %s is as OpenAI documents it, whole, streamed and kept',
	async (_what, url, body, script) => {
		const { app } = await startGateway({ script });
		const whole = await app.inject({ method: 'POST', url, payload: body });
		expect(whole.statusCode).toBe(200);
		expectOfficial('Response', whole.json());
		expectOfficial('Response', (await app.inject(`/v1/responses/${whole.json().id}`)).json());
		const items = (await app.inject(`/v1/responses/${whole.json().id}/input_items`)).json();
		for (const item of items.data) expectOfficial('InputItem', item);

		const next = { ...body, previous_response_id: whole.json().id, stream: true };
		const events = eventsIn(await app.inject({ method: 'POST', url, payload: next }));
		expect(events.length).toBeGreaterThan(5);
		for (const event of events.filter((one) => one !== '[DONE]')) expectOfficial('ResponseEvent', JSON.parse(event));
		const kept = JSON.parse(events.filter((one) => one !== '[DONE]').at(-1) ?? '').response;
		const conversation = (await app.inject(`/v1/responses/${kept.id}/input_items?order=asc`)).json();
		expect(conversation.data.length).toBeGreaterThan(2);
		for (const item of conversation.data) expectOfficial('InputItem', item);
	},
);

test('failures in mid-stream are as OpenAI documents them', async () => {
	const { app } = await startGateway({ script: diesAfterAWord });
	const chunks = eventsIn(
		await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: chat({ stream: true }) }),
	);
	expectOfficial('Error', JSON.parse(chunks.at(-1) ?? ''));
	const events = eventsIn(
		await app.inject({ method: 'POST', url: '/v1/responses', payload: { ...INPUT, stream: true } }),
	);
	const parsed = events.filter((one) => one !== '[DONE]').map((one) => JSON.parse(one));
	expect(parsed.map(({ type }) => type)).toContain('error');
	for (const event of parsed) expectOfficial('ResponseEvent', event);
});

test('embeddings are as OpenAI documents them', async () => {
	const { app } = await startGateway({ worker: { info: { embedding: { dimensions: 3 } } } });
	const made = await app.inject({
		method: 'POST',
		url: '/v1/embeddings',
		payload: { model: 'fake', input: ['a', 'bcd'] },
	});
	expect(made.json().data.length).toBe(2);
	expectOfficial('Embeddings', made.json());
});

test('models, counts and refusals are as OpenAI documents them', async () => {
	const { app } = await startGateway();
	for (const model of (await app.inject('/v1/models')).json().data) expectOfficial('Model', model);
	expectOfficial('Model', (await app.inject('/v1/models/fake')).json());
	const count = await app.inject({ method: 'POST', url: '/v1/chat/completions/input_tokens', payload: CHAT });
	expectOfficial('InputTokens', count.json());
	const refusals = [
		app.inject({ method: 'POST', url: '/v1/chat/completions', payload: {} }),
		app.inject({ method: 'POST', url: '/v1/chat/completions', payload: { ...CHAT, model: 'nobody' } }),
		app.inject({ method: 'POST', url: '/v1/responses', payload: { model: 'fake' } }),
		app.inject('/v1/nowhere'),
		app.inject({ method: 'DELETE', url: '/v1/models' }),
	];
	for (const refusal of await Promise.all(refusals)) expectOfficial('Error', refusal.json());
});

test('messages are as Anthropic documents them', async () => {
	const message = {
		model: 'fake',
		max_tokens: 50,
		messages: CHAT.messages,
		thinking: { type: 'enabled', budget_tokens: 20 },
	};
	const withTools = { ...message, tools: [{ name: 'weather', input_schema: WEATHER.parameters }] };
	for (const [body, script] of [
		[message, plain],
		[withTools, calls],
		[message, cutInThought],
		[message, diesAfterAWord],
	] as const) {
		const { app } = await startGateway({ script });
		if (script !== diesAfterAWord) {
			expectAnthropic('Message', (await app.inject({ method: 'POST', url: '/v1/messages', payload: body })).json());
		}
		const events = eventsIn(
			await app.inject({ method: 'POST', url: '/v1/messages', payload: { ...body, stream: true } }),
		);
		const last = JSON.parse(events.at(-1) ?? '');
		expect(last.type).toBe(script === diesAfterAWord ? 'error' : 'message_stop');
		for (const event of events.map((one) => JSON.parse(one))) {
			if (event.type !== 'error') expectAnthropic('MessageEvent', event);
		}
	}
	const { app } = await startGateway();
	expectAnthropic(
		'MessageTokens',
		(await app.inject({ method: 'POST', url: '/v1/messages/count_tokens', payload: message })).json(),
	);
	expectAnthropic('AnthropicError', (await app.inject({ method: 'POST', url: '/v1/messages', payload: {} })).json());
});

function expectOfficial(name: OfficialName, value: unknown, why: unknown = null): void {
	const faults = official.faults(name, asDocumented(name, value));
	expect({ name, faults, ...(faults.length === 0 ? {} : { value, why }) }).toEqual({ name, faults: [] });
}

/** Where OpenAI's service answers otherwise than its document says, we answer as the service does. */
function asDocumented(name: OfficialName, value: unknown): unknown {
	if (typeof value !== 'object' || value === null) return value;
	if ('response' in value) return { ...value, response: asDocumented('Response', value.response) };
	if (name === 'Response') {
		// null until there is something to say; Open Responses asks for the keys. `output_text` is the SDK's own.
		const told = Object.entries(value).filter(([key, one]) => one !== null || !NULL_WHERE_SILENT.has(key));
		return { ...Object.fromEntries(told), output_text: '' };
	}
	if (name === 'TextCompletion' && 'choices' in value && Array.isArray(value.choices)) {
		// The document knows the chunks of a stream only as whole answers.
		const choices = value.choices.map((choice) => ({ ...choice, finish_reason: choice.finish_reason ?? 'stop' }));
		return { ...value, choices, ...('usage' in value && value.usage === null ? { usage: undefined } : {}) };
	}
	return value;
}

const NULL_WHERE_SILENT = new Set(['user', 'safety_identifier', 'prompt_cache_key', 'usage']);

/** Their document is not among what the suite installs. */
function expectAnthropic(name: AnthropicName, value: unknown): void {
	const faults = official.anthropicFaults?.(name, value) ?? [];
	expect({ name, faults, ...(faults.length === 0 ? {} : { value }) }).toEqual({ name, faults: [] });
}

/** What the `data:` lines of a stream hold. */
function eventsIn({ body }: LightMyRequestResponse): string[] {
	return body.split('\n').flatMap((line) => (line.startsWith('data: ') ? [line.slice('data: '.length)] : []));
}
