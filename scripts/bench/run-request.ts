import type { Dispatcher } from 'undici';
import { z } from 'zod';
import { classifyChunk } from './classify-chunk.ts';
import type { RequestRecord } from './request-record.ts';
import { SseScanner } from './sse-scanner.ts';
import type { Target } from './target.ts';

const usageSchema = z.object({
	prompt_tokens: z.number(),
	completion_tokens: z.number(),
	prompt_tokens_details: z.object({ cached_tokens: z.number().nullish() }).nullish(),
	completion_tokens_details: z.object({ reasoning_tokens: z.number().nullish() }).nullish(),
});
const textSchema = z.object({ content: z.string().nullish(), reasoning_content: z.string().nullish() });
const detailSchema = z.object({
	choices: z
		.array(
			z.object({ delta: textSchema.nullish(), message: textSchema.nullish(), finish_reason: z.string().nullish() }),
		)
		.nullish(),
	usage: usageSchema.nullish(),
	error: z.object({ message: z.string() }).nullish(),
});

const PLAIN_CONTENT = /"content":\s?"([^"\\]*)"/;

export type RequestOptions = {
	body: string;
	label: string;
	turn: number;
	followsAbort: boolean;
	/** Leave after so many deltas. */
	abortAfterDeltas: number | null;
	/** Keep the answer's text: costs a JSON parse a delta, after the end. */
	keepsContent: boolean;
	signal: AbortSignal | null;
};

/**
 * Sends one chat completion and notes when what came. Never rejects: what goes wrong is the record's `error`. Uses
 * undici's dispatch, the layer below its streams, because thousands of chunks a second are read beside the server.
 */
export function runRequest(target: Target, options: RequestOptions): Promise<RequestRecord> {
	const record: RequestRecord = {
		label: options.label,
		turn: options.turn,
		startMs: performance.now(),
		firstTokenMs: null,
		firstAnswerMs: null,
		endMs: 0,
		deltaMs: [],
		promptTokens: null,
		cachedTokens: null,
		completionTokens: null,
		reasoningTokens: null,
		finishReason: null,
		status: 0,
		aborted: false,
		followsAbort: options.followsAbort,
		error: null,
		content: '',
	};
	const scanner = new SseScanner();
	const answers: string[] = [];
	const whole: Buffer[] = [];
	let streams = false;
	let isDone = false;

	const take = (payload: string, now: number) => {
		const kind = classifyChunk(payload);
		if (kind === 'done') isDone = true;
		if (kind === 'detail') readDetail(record, payload);
		if (kind !== 'reasoning' && kind !== 'answer') return;
		record.deltaMs.push(now);
		record.firstTokenMs ??= now;
		if (kind === 'reasoning') return;
		record.firstAnswerMs ??= now;
		if (options.keepsContent) answers.push(payload);
	};

	return new Promise((resolve) => {
		const finish = (error: string | null) => {
			record.endMs = performance.now();
			record.error = record.aborted ? null : (record.error ?? error);
			if (!streams) readDetail(record, Buffer.concat(whole).toString());
			for (const payload of answers) record.content += answerText(payload);
			resolve(record);
		};
		const leave = (controller: Dispatcher.DispatchController) => {
			record.aborted = true;
			controller.abort(new DOMException('left', 'AbortError'));
		};
		target.pool.dispatch(
			{ method: 'POST', path: `${target.basePath}/chat/completions`, headers: target.headers, body: options.body },
			{
				onRequestStart(controller) {
					if (options.signal?.aborted === true) leave(controller);
					else options.signal?.addEventListener('abort', () => leave(controller), { once: true });
				},
				onResponseStart(_controller, statusCode, headers) {
					record.status = statusCode;
					streams = statusCode === 200 && String(headers['content-type']).startsWith('text/event-stream');
				},
				onResponseData(controller, chunk) {
					if (!streams) {
						whole.push(Buffer.from(chunk));
						return;
					}
					const now = performance.now();
					for (const payload of scanner.push(chunk)) take(payload, now);
					if (options.abortAfterDeltas !== null && record.deltaMs.length >= options.abortAfterDeltas) leave(controller);
				},
				onResponseEnd() {
					if (record.status !== 200) finish(`status ${record.status}`);
					else finish(streams && !isDone ? 'stream ended without [DONE]' : null);
				},
				onResponseError(_controller, error) {
					finish(error.message);
				},
			},
		);
	});
}

function readDetail(record: RequestRecord, payload: string): void {
	const parsed = detailSchema.safeParse(parseJson(payload));
	if (!parsed.success) return;
	const { choices, usage, error } = parsed.data;
	if (error) record.error = error.message;
	record.finishReason = choices?.[0]?.finish_reason ?? record.finishReason;
	record.content += choices?.[0]?.message?.content ?? '';
	if (!usage) return;
	record.promptTokens = usage.prompt_tokens;
	record.completionTokens = usage.completion_tokens;
	record.cachedTokens = usage.prompt_tokens_details?.cached_tokens ?? null;
	record.reasoningTokens = usage.completion_tokens_details?.reasoning_tokens ?? null;
}

/** Without a JSON parse where nothing in the text is escaped: an answer's end must not hold up those that run. */
function answerText(payload: string): string {
	const plain = PLAIN_CONTENT.exec(payload)?.[1];
	if (plain !== undefined) return plain;
	const parsed = detailSchema.safeParse(parseJson(payload));
	return parsed.success ? (parsed.data.choices?.[0]?.delta?.content ?? '') : '';
}

function parseJson(text: string): unknown {
	try {
		return JSON.parse(text);
	} catch {
		return null;
	}
}
