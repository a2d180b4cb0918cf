import OpenAI from 'openai';
import { zodResponseFormat } from 'openai/helpers/zod';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { type RetortServer, startRetort } from '../support/retort-server.ts';

let server: RetortServer;
let client: OpenAI;

beforeAll(async () => {
	server = await startRetort(['--workers', '1', '--slots', '4']);
	client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none', maxRetries: 0 });
});

afterAll(() => server.stop());

const base = { model: 'pocket-reasoner', temperature: 0 };
const sum = { role: 'user', content: 'What is 17+25?' } as const;
const paris = { role: 'user', content: "What's the weather in Paris?" } as const;

const city = { type: 'object', properties: { city: { type: 'string', maxLength: 30 } }, required: ['city'] };
const tools = ['get_weather', 'get_time'].map((name) => ({
	type: 'function' as const,
	function: { name, parameters: city },
}));

describe('tools', () => {
	it('are called, answered and reported, as the client’s own types have it', async () => {
		const first = await client.chat.completions.create({ ...base, tools, messages: [paris] });
		const { message, finish_reason } = first.choices[0] ?? {};
		expect(finish_reason).toBe('tool_calls');
		expect(message?.content).toBeNull();
		const [call] = message?.tool_calls ?? [];
		if (message === undefined || call?.type !== 'function') throw new Error('no call');
		expect(call.function.name).toBe('get_weather');
		expect(JSON.parse(call.function.arguments)).toEqual({ city: 'Paris' });
		const second = await client.chat.completions.create({
			...base,
			tools,
			messages: [paris, message, { role: 'tool', tool_call_id: call.id, content: 'sunny, 24' }],
		});
		expect(second.choices[0]).toMatchObject({
			finish_reason: 'stop',
			message: { content: expect.stringContaining('sunny, 24') },
		});
	});

	it('streamed through the client’s accumulator give the same call', async () => {
		const stream = client.chat.completions.stream({ ...base, tools, messages: [paris] });
		const final = await stream.finalChatCompletion();
		expect(final.choices[0]).toMatchObject({
			finish_reason: 'tool_calls',
			message: {
				tool_calls: [{ type: 'function', function: { name: 'get_weather', arguments: '{"city": "Paris"}' } }],
			},
		});
	});

	it('that are named have to be called, whatever the model would say', async () => {
		const { choices } = await client.chat.completions.create({
			...base,
			tools,
			tool_choice: { type: 'function', function: { name: 'get_time' } },
			messages: [sum],
			parallel_tool_calls: false,
			max_tokens: 400,
		});
		expect(choices[0]?.finish_reason).toBe('tool_calls');
		const [call, ...more] = choices[0]?.message.tool_calls ?? [];
		expect(more).toEqual([]);
		if (call?.type !== 'function') throw new Error('no call');
		expect(call.function.name).toBe('get_time');
		expect(JSON.parse(call.function.arguments)).toEqual({ city: expect.any(String) });
	});
});

describe('structured output', () => {
	const Sum = z.object({ left: z.int(), right: z.int(), answer: z.int() });

	it('parses through the zod helper, behind a free thought', async () => {
		const { choices } = await client.chat.completions.parse({
			...base,
			messages: [sum],
			response_format: zodResponseFormat(Sum, 'sum'),
		});
		expect(choices[0]?.message.parsed?.answer).toBe(42);
		expect(choices[0]?.message).toMatchObject({ reasoning_content: expect.stringContaining('17+25') });
	});

	it('that no grammar says is refused before anything runs', async () => {
		const schema = { type: 'object', properties: { a: { type: 'string', pattern: '(?=x)y' } } };
		await expect(
			client.chat.completions.create({
				...base,
				messages: [sum],
				response_format: { type: 'json_schema', json_schema: { name: 'x', schema } },
			}),
		).rejects.toMatchObject({ status: 400, param: 'response_format.json_schema.schema.properties.a.pattern' });
	});
});

describe('streamed and whole are the same, byte for byte', () => {
	const schema = zodResponseFormat(z.object({ answer: z.int() }), 'answer');
	it.each<[string, Partial<OpenAI.ChatCompletionCreateParams>]>([
		['three choices with log-probabilities', { n: 3, logprobs: true, top_logprobs: 2 }],
		['a schema', { response_format: schema, n: 2 }],
		['tools', { tools, messages: [paris] }],
		['a stop string', { stop: [' ='] }],
	])('%s', async (_, options) => {
		const request = { ...base, temperature: 1, seed: 11, messages: [sum], max_tokens: 600, ...options };
		const whole = await client.chat.completions.create({ ...request, stream: false });
		const stream = await client.chat.completions.create({ ...request, stream: true });
		const got: ReturnType<typeof empty>[] = [];
		for await (const { choices } of stream) {
			for (const choice of choices) {
				got[choice.index] ??= empty();
				add(got[choice.index] ?? empty(), choice);
			}
		}
		expect(got).toEqual(
			whole.choices.map(({ message, finish_reason, logprobs }) => ({
				content: message.content ?? '',
				thought: 'reasoning_content' in message ? message.reasoning_content : '',
				calls: (message.tool_calls ?? []).map((call) => (call.type === 'function' ? call.function : null)),
				tokens: logprobs?.content ?? [],
				finish: [finish_reason],
			})),
		);
	});

	const empty = () => ({
		content: '',
		thought: '',
		calls: [] as { name: string; arguments: string }[],
		tokens: [] as OpenAI.ChatCompletionTokenLogprob[],
		finish: [] as string[],
	});

	function add(into: ReturnType<typeof empty>, choice: OpenAI.ChatCompletionChunk.Choice): void {
		const delta: typeof choice.delta & { reasoning_content?: string } = choice.delta;
		into.content += delta.content ?? '';
		into.thought += delta.reasoning_content ?? '';
		for (const call of delta.tool_calls ?? []) {
			const known = into.calls[call.index] ?? { name: call.function?.name ?? '', arguments: '' };
			known.arguments += call.function?.arguments ?? '';
			into.calls[call.index] = known;
		}
		into.tokens.push(...(choice.logprobs?.content ?? []));
		if (choice.finish_reason !== null) into.finish.push(choice.finish_reason);
	}
});

it('log-probabilities are those of the text, thought and answer apart', async () => {
	const { choices } = await client.chat.completions.create({
		...base,
		messages: [sum],
		logprobs: true,
		top_logprobs: 3,
	});
	const [choice] = choices;
	const logprobs: (OpenAI.ChatCompletion.Choice.Logprobs & { reasoning_content?: { token: string }[] }) | undefined =
		choice?.logprobs ?? undefined;
	const text = (tokens: { token: string }[] | null | undefined) => (tokens ?? []).map(({ token }) => token).join('');
	expect(text(logprobs?.content)).toBe(choice?.message.content);
	expect(choice?.message).toMatchObject({ reasoning_content: text(logprobs?.reasoning_content) });
	for (const token of logprobs?.content ?? []) expect(token.top_logprobs).toHaveLength(3);
});

it('a begun answer is continued, and only what was added comes back', async () => {
	const { choices } = await client.chat.completions.create({
		...base,
		messages: [sum, { role: 'assistant', content: '17 + 25' }],
		// vLLM's fields, which the client sends as they are.
		...{ continue_final_message: true, add_generation_prompt: false },
	});
	expect(choices[0]?.message.content).toMatch(/^ = \d+$/);
	expect(choices[0]?.message).toMatchObject({ reasoning_status: { state: 'skipped' } });
});

it('a begun thought is continued, and the answer follows it', async () => {
	const thought = 'The user wants 17+25.\nLine up 17 and 25.\n';
	const begun = { role: 'assistant' as const, content: '', reasoning_content: thought, prefix: true };
	const { choices } = await client.chat.completions.create({ ...base, messages: [sum, begun] });
	expect(choices[0]?.message.content).toBe('17 + 25 = 42');
	expect(choices[0]?.message).toMatchObject({ reasoning_content: expect.stringMatching(/^7\+5=12/) });
});
