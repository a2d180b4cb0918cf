import type { WorkerEvent } from '../../src/protocol/worker-api.ts';

/** How the answer "t0 t1 t2 ..." stands on the wire. `token` is written by hand: it is the hot one of a process that shares the cores with what it measures. */
export type Dialect = {
	contentType: string;
	start: string;
	token(index: number): string;
	end(tokens: number): string;
};

const PROMPT_TOKENS = 16;

function line(event: WorkerEvent): string {
	return `${JSON.stringify(event)}\n`;
}

/** The worker protocol's. */
export const workerDialect: Dialect = {
	contentType: 'application/x-ndjson',
	start: line({ type: 'generation-start', promptTokens: PROMPT_TOKENS, cachedTokens: 0 }),
	token: (index) =>
		`{"type":"delta","phase":"answer","text":"t${index} ","special":false,"ids":[${index}],"logprobs":null}\n`,
	end: (tokens) =>
		line({ type: 'phase-end', phase: 'answer', reason: 'length', tokens, ms: 0, emptyRetries: 0, ids: [] }) +
		line({
			type: 'generation-end',
			finishReason: 'length',
			promptTokens: PROMPT_TOKENS,
			cachedTokens: 0,
			completionTokens: tokens,
			reasoningTokens: 0,
			timings: { queueMs: 0, prefillMs: 0, decodeMs: 0 },
		}),
};

/** A chat completion's stream, as the gateway would send it. */
export const chatDialect: Dialect = {
	contentType: 'text/event-stream; charset=utf-8',
	start: chunk('{"role":"assistant","content":""}', null),
	token: (index) => chunk(`{"content":"t${index} "}`, null),
	end: (tokens) => {
		const usage = { prompt_tokens: PROMPT_TOKENS, completion_tokens: tokens, total_tokens: PROMPT_TOKENS + tokens };
		return `${chunk('{}', 'length')}data: ${JSON.stringify({ choices: [], usage })}\n\ndata: [DONE]\n\n`;
	},
};

function chunk(delta: string, finishReason: string | null): string {
	const choice = `{"index":0,"delta":${delta},"logprobs":null,"finish_reason":${JSON.stringify(finishReason)}}`;
	return `data: {"id":"chatcmpl-scripted","object":"chat.completion.chunk","created":0,"model":"scripted","choices":[${choice}]}\n\n`;
}
