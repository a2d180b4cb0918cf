// Vercel's AI SDK with its three providers that take a base URL: the same program for 6 and 7.
import assert from 'node:assert/strict';
import { createDeepSeek } from '@ai-sdk/deepseek';
import { createOpenAI } from '@ai-sdk/openai';
import { createOpenAICompatible } from '@ai-sdk/openai-compatible';
import { APICallError, generateText, Output, stepCountIs, streamText, tool } from 'ai';
import { z } from 'zod';
import * as h from './harness.mjs';

const Result = z.object({ result: z.number().int() });
const tools = {
	get_weather: tool({ inputSchema: z.object({ city: z.string() }), execute: () => h.toolResult }),
};
/** The SDK's own warnings (an option that a provider drops) are no part of the table. */
globalThis.AI_SDK_LOG_WARNINGS = false;

function fails(promise, status, code) {
	return h.refuses(promise, (error) => {
		const cause = error.lastError ?? error;
		assert.ok(APICallError.isInstance(cause), cause);
		assert.equal(cause.statusCode, status);
		assert.equal(JSON.parse(cause.responseBody).error.code, code);
	});
}

async function collect(result) {
	const seen = { text: '', reasoning: '' };
	for await (const part of result.fullStream) {
		if (part.type === 'error') throw part.error;
		if (part.type === 'text-delta') seen.text += part.text;
		if (part.type === 'reasoning-delta') seen.reasoning += part.text;
	}
	return { ...seen, usage: await result.usage, finish: await result.finishReason };
}

function responsesCells(responses) {
	const ask = (prompt, more) => ({ model: responses(h.model), temperature: 0, prompt, ...more });
	const shown = { providerOptions: { openai: { reasoningSummary: 'auto', forceReasoning: true } } };
	return {
		responses: async () => {
			const result = await generateText({ model: responses(h.model), prompt: h.sum, ...shown });
			h.isSum(result.text);
			h.isThought(result.reasoningText);
			const looped = await generateText(ask(h.weather, { tools, stopWhen: stepCountIs(3) }));
			assert.ok(looped.text.includes(h.toolResult), looped.text);
			const made = await generateText(ask(h.sumAsJson, { output: Output.object({ schema: Result }) }));
			assert.deepEqual(made.output, { result: 42 });
		},
		'responses streamed': async () => {
			const seen = await collect(streamText({ model: responses(h.model), prompt: h.sum, ...shown }));
			h.isSum(seen.text);
			h.isThought(seen.reasoning);
		},
	};
}

/** `chat` and `stranger` give a model by name; `responses` stays away where the provider has no such API. */
function cellsOf({ chat, stranger, endless, responses, showsReasoning }) {
	const ask = (prompt, more = {}) => ({ model: chat(h.model), temperature: 0, prompt, ...more });
	return {
		whole: async () => {
			const result = await generateText(ask(h.sum));
			h.isSum(result.text);
			assert.equal(result.finishReason, 'stop');
			assert.ok(result.usage.outputTokens > 0);
		},
		streamed: async () => {
			const seen = await collect(streamText(ask(h.sum)));
			h.isSum(seen.text);
			assert.equal(seen.finish, 'stop');
			assert.ok(seen.usage.outputTokens > 0);
		},
		reasoning: showsReasoning
			? async () => {
					h.isThought((await generateText(ask(h.sum))).reasoningText);
					h.isThought((await collect(streamText(ask(h.sum)))).reasoning);
				}
			: h.notOffered('its chat models drop the thought; the responses cells look at it'),
		tools: async () => {
			const loop = { tools, stopWhen: stepCountIs(3) };
			const result = await generateText(ask(h.weather, loop));
			const [call] = result.steps[0].toolCalls;
			assert.equal(call.toolName, 'get_weather');
			assert.deepEqual(call.input, { city: 'Paris' });
			assert.ok(result.text.includes(h.toolResult), result.text);
			const streamed = streamText(ask(h.weather, loop));
			assert.ok((await collect(streamed)).text.includes(h.toolResult));
		},
		structured: async () => {
			const result = await generateText(ask(h.sumAsJson, { output: Output.object({ schema: Result }) }));
			assert.deepEqual(result.output, { result: 42 });
		},
		...(responses === undefined
			? h.withoutResponses('it does not speak the Responses API')
			: responsesCells(responses)),
		'wrong key': () => fails(generateText({ ...ask(h.sum), model: stranger(h.model) }), 401, 'invalid_api_key'),
		'unknown model': () => fails(generateText({ ...ask(h.sum), model: chat('nobody') }), 404, 'model_not_found'),
		'too long': () => fails(generateText(ask(h.tooLong)), 400, 'context_length_exceeded'),
		abort: () =>
			h.abortFrees(
				(abortSignal) =>
					streamText({ ...ask(h.sum), model: endless(h.model), abortSignal, maxOutputTokens: h.endlessTokens })
						.textStream,
			),
	};
}

/** What the providers' own options do not reach (logit_bias) is added on the way. */
function addBias(url, init) {
	return fetch(url, { ...init, body: JSON.stringify({ ...JSON.parse(init.body), ...h.endless }) });
}

const right = { baseURL: h.baseURL, apiKey: h.apiKey };
const wrong = { baseURL: h.baseURL, apiKey: 'sk-wrong' };
const biased = { ...right, fetch: addBias };
const named = { name: 'retort', includeUsage: true, supportsStructuredOutputs: true };
const ai = h.versionOf('ai');
const major = ai.split('.')[0];
const versions = (provider) => `ai ${ai}, ${provider} ${h.versionOf(provider)}, Node ${process.versions.node}`;

await h.runClient(
	`AI SDK ${major} openai-compatible`,
	versions('@ai-sdk/openai-compatible'),
	cellsOf({
		chat: createOpenAICompatible({ ...named, ...right }),
		stranger: createOpenAICompatible({ ...named, ...wrong }),
		endless: createOpenAICompatible({ ...named, ...biased }),
		showsReasoning: true,
	}),
);
await h.runClient(
	`AI SDK ${major} deepseek`,
	versions('@ai-sdk/deepseek'),
	cellsOf({
		chat: createDeepSeek(right),
		stranger: createDeepSeek(wrong),
		endless: createDeepSeek(biased),
		showsReasoning: true,
	}),
);
const openai = createOpenAI(right);
await h.runClient(
	`AI SDK ${major} openai`,
	versions('@ai-sdk/openai'),
	cellsOf({
		chat: openai.chat,
		stranger: createOpenAI(wrong).chat,
		endless: createOpenAI(biased).chat,
		responses: openai,
		showsReasoning: false,
	}),
);
