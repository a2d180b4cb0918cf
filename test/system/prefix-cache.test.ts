import OpenAI from 'openai';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RetortServer, startRetort } from '../support/retort-server.ts';

type Message = OpenAI.ChatCompletionMessageParam;

let server: RetortServer;
let client: OpenAI;

beforeAll(async () => {
	server = await startRetort(['--slots', '4']);
	client = new OpenAI({ baseURL: `${server.url}/v1`, apiKey: 'none' });
});

afterAll(() => server.stop());

const model = 'pocket-reasoner';
const rules = Array.from({ length: 40 }, (_, at) => `Rule ${at}: be brief.`).join(' ');
const tools: OpenAI.ChatCompletionTool[] = [
	{
		type: 'function',
		function: {
			name: 'add',
			description: 'Adds two numbers.',
			parameters: {
				type: 'object',
				properties: { a: { type: 'integer' }, b: { type: 'integer' } },
				required: ['a', 'b'],
			},
		},
	},
];

async function tokensOf(text: string): Promise<number> {
	const body = JSON.stringify({ content: text });
	const response = await fetch(`${server.url}/tokenize`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body,
	});
	const { tokens } = (await response.json()) as { tokens: number[] };
	return tokens.length;
}

/** Another conversation, decoded beside what idle slots prepare: when it is over, so are they. */
async function otherTalk(): Promise<void> {
	await client.chat.completions.create({ model, messages: [{ role: 'user', content: 'What is 8+5?' }] });
}

function computed({ usage }: OpenAI.ChatCompletion): number {
	return (usage?.prompt_tokens ?? 0) - (usage?.prompt_tokens_details?.cached_tokens ?? 0);
}

/** Roles and marks around a question: what a turn adds beside its words. */
const MARKS = 8;

describe('a conversation through the official client', () => {
	it.each<[string, Message[]]>([
		['alone', []],
		['under a system prompt', [{ role: 'system', content: rules }]],
	])('%s: each turn evaluates its own words and nothing else', async (name, system) => {
		const messages: Message[] = [...system, { role: 'user', content: `What is 17+25? (${name})` }];
		for (const question of ['And 3+4?', 'How many letters are in apple?', 'Thank you.']) {
			const { choices } = await client.chat.completions.create({ model, messages, temperature: 0 });
			await otherTalk();
			messages.push({ role: 'assistant', content: choices[0]?.message.content ?? '' });
			messages.push({ role: 'user', content: question });
			const next = await client.chat.completions.create({ model, messages, temperature: 0, max_tokens: 32 });
			expect(computed(next)).toBeLessThanOrEqual((await tokensOf(question)) + MARKS);
		}
	});

	it('with tools: the result of a call is all that is new', async () => {
		const messages: Message[] = [
			{ role: 'system', content: rules },
			{ role: 'user', content: 'What is 17+25? Use the tool.' },
		];
		const ask = { model, tools, tool_choice: 'required', temperature: 0, max_tokens: 200 } as const;
		const { choices } = await client.chat.completions.create({ ...ask, messages });
		const calls = choices[0]?.message.tool_calls ?? [];
		expect(calls.length).toBeGreaterThan(0);
		await otherTalk();
		messages.push({ role: 'assistant', content: choices[0]?.message.content ?? null, tool_calls: calls });
		for (const { id } of calls) messages.push({ role: 'tool', tool_call_id: id, content: '42' });
		const next = await client.chat.completions.create({ ...ask, messages });
		expect(computed(next)).toBeLessThanOrEqual(calls.length * 12 + MARKS);
	});

	it.each<[string, object]>([
		['choices', { n: 4 }],
		['samples', { reasoning: { samples: 4 } }],
	])('several %s read their prompt once', async (name, several) => {
		const messages: Message[] = [
			{ role: 'system', content: `${name}. ${rules} ${rules}` },
			{ role: 'user', content: 'What is 6+6?' },
		];
		const before = await metric('retort_cached_tokens_total');
		const { usage } = await client.chat.completions.create({ model, messages, temperature: 0.8, ...several });
		expect(usage?.prompt_tokens_details?.cached_tokens).toBeLessThan(10);
		const cached = (await metric('retort_cached_tokens_total')) - before;
		expect(cached).toBeGreaterThanOrEqual(3 * ((usage?.prompt_tokens ?? 0) - 1));
	});

	it('what the cache does is counted', async () => {
		// Workers tell of it when they are next asked how they are.
		await expect.poll(() => metric('retort_prefix_moves'), { timeout: 10_000 }).toBeGreaterThan(0);
		expect(await metric('retort_parked_bytes')).toBeGreaterThanOrEqual(0);
	});
});

/** Sum of a metric over its labels. */
async function metric(name: string): Promise<number> {
	const text = await (await fetch(`${server.url}/metrics`)).text();
	const values = text.split('\n').filter((line) => line.startsWith(`${name}{`));
	return values.reduce((sum, line) => sum + Number(line.split(' ').at(-1)), 0);
}
