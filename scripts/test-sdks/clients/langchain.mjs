// LangChain's JavaScript chat models.
import assert from 'node:assert/strict';
import { HumanMessage, ToolMessage } from '@langchain/core/messages';
import { tool } from '@langchain/core/tools';
import { ChatDeepSeek } from '@langchain/deepseek';
import { ChatOpenAI } from '@langchain/openai';
import { z } from 'zod';
import * as h from './harness.mjs';

const Result = z.object({ result: z.number().int() });
const getWeather = tool(() => h.toolResult, { name: 'get_weather', schema: z.object({ city: z.string() }) });

async function collect(stream) {
	let whole;
	for await (const chunk of stream) whole = whole === undefined ? chunk : whole.concat(chunk);
	return whole;
}

async function roundTrip(llm) {
	const bound = llm.bindTools([getWeather]);
	const question = new HumanMessage(h.weather);
	const asked = await bound.invoke([question]);
	assert.equal(asked.tool_calls?.length, 1, JSON.stringify(asked.content));
	const [call] = asked.tool_calls;
	assert.equal(call.name, 'get_weather');
	assert.deepEqual(call.args, { city: 'Paris' });
	const result = await getWeather.invoke(call);
	assert.ok(ToolMessage.isInstance(result));
	const answer = await bound.invoke([question, asked, result]);
	assert.ok(answer.text.includes(h.toolResult), answer.text);
	const streamed = await collect(await bound.stream([question]));
	assert.deepEqual(streamed.tool_calls[0].args, { city: 'Paris' });
}

const thoughtOf = (message) =>
	message.contentBlocks
		.filter((block) => block.type === 'reasoning')
		.map((block) => block.reasoning)
		.join('');

function responsesCells(make) {
	const responses = make({ useResponsesApi: true, reasoning: { summary: 'auto' } });
	return {
		responses: async () => {
			const message = await responses.invoke(h.sum);
			h.isSum(message.text);
			h.isThought(thoughtOf(message));
			await roundTrip(responses);
		},
		'responses streamed': async () => {
			const message = await collect(await responses.stream(h.sum));
			h.isSum(message.text);
			h.isThought(thoughtOf(message));
		},
	};
}

function cellsOf({ make, showsReasoning, structuredMethod, hasResponses }) {
	const chat = make({});
	return {
		whole: async () => {
			const message = await chat.invoke(h.sum);
			h.isSum(message.text);
			assert.ok(message.usage_metadata.output_tokens > 0);
		},
		streamed: async () => {
			const message = await collect(await chat.stream(h.sum));
			h.isSum(message.text);
			assert.ok(message.usage_metadata.output_tokens > 0);
		},
		reasoning: showsReasoning
			? async () => {
					h.isThought((await chat.invoke(h.sum)).additional_kwargs.reasoning_content);
					h.isThought((await collect(await chat.stream(h.sum))).additional_kwargs.reasoning_content);
				}
			: h.notOffered('it drops the thought of chat completions; the responses cells look at it'),
		tools: () => roundTrip(chat),
		structured: async () => {
			const structured = chat.withStructuredOutput(Result, { name: 'sum', method: structuredMethod });
			h.isResult(await structured.invoke(h.sumAsJson));
		},
		...(hasResponses ? responsesCells(make) : h.withoutResponses('it does not speak the Responses API')),
		'wrong key': () =>
			h.refuses(make({ apiKey: 'sk-wrong' }).invoke(h.sum), (error) => assert.equal(error.status, 401, error)),
		'unknown model': () =>
			h.refuses(make({ model: 'nobody' }).invoke(h.sum), (error) => assert.equal(error.status, 404, error)),
		'too long': () => h.refuses(chat.invoke(h.tooLong), (error) => assert.match(error.message, /context/i)),
		abort: () =>
			h.abortFrees((signal) => make({ maxTokens: h.endlessTokens, modelKwargs: h.endless }).stream(h.sum, { signal })),
	};
}

const common = {
	model: h.model,
	temperature: 0,
	apiKey: h.apiKey,
	maxRetries: 0,
	configuration: { baseURL: h.baseURL },
};
const versions = (name) =>
	`${h.versionOf(name)}, core ${h.versionOf('@langchain/core')}, Node ${process.versions.node}`;

await h.runClient(
	'LangChain openai',
	versions('@langchain/openai'),
	cellsOf({
		make: (more) => new ChatOpenAI({ ...common, ...more }),
		showsReasoning: false,
		structuredMethod: 'jsonSchema',
		hasResponses: true,
	}),
);
await h.runClient(
	'LangChain deepseek',
	versions('@langchain/deepseek'),
	cellsOf({
		make: (more) => new ChatDeepSeek({ ...common, ...more }),
		showsReasoning: true,
		structuredMethod: 'functionCalling', // its own default
		hasResponses: false,
	}),
);
