import type { Logprob } from '../../protocol/chat-response.ts';
import type { OllamaChatLine, OllamaGenerateLine, OllamaToolCall } from '../../protocol/ollama-response.ts';
import type { TokenLogprob } from '../../protocol/worker-api.ts';
import type { ChatEvent } from '../chat-event.ts';
import { encodeLogprobs } from '../encode-logprobs.ts';
import { parseArguments } from '../parse-arguments.ts';

export type OllamaLine = OllamaChatLine | OllamaGenerateLine;

export type OllamaLineMeta = {
	/** As the client wrote it. */
	model: string;
	/** /api/chat or /api/generate. */
	endpoint: 'chat' | 'generate';
	/** Milliseconds of the epoch. */
	nowMs(): number;
};

export type OllamaMeta = OllamaLineMeta & {
	showsThinking: boolean;
	/** When the request came, by the same clock. */
	begunMs: number;
};

export type OllamaEncoder = {
	push(event: ChatEvent): Generator<OllamaLine>;
	/** What the events so far come to: the last line with all that the ones before it said. */
	whole(): OllamaLine;
	/** A line that adds nothing. */
	nothing(): OllamaLine;
};

type Piece = { content?: string; thinking?: string; tool_calls?: OllamaToolCall[]; logprobs?: Logprob[] };
type End = Omit<OllamaChatLine, 'model' | 'created_at' | 'message'>;

/** Chat events as Ollama's lines: thought, answer and calls as they come, then one line of figures. */
export function createOllamaEncoder(meta: OllamaMeta): OllamaEncoder {
	const total: Required<Piece> = { content: '', thinking: '', tool_calls: [], logprobs: [] };
	let end: End = { done: false };
	let startMs = meta.begunMs;
	let firstTokenMs: number | null = null;
	let call = { id: '', name: '', json: '' };

	function add(piece: Piece): OllamaLine {
		firstTokenMs ??= meta.nowMs();
		total.content += piece.content ?? '';
		total.thinking += piece.thinking ?? '';
		total.tool_calls.push(...(piece.tool_calls ?? []));
		total.logprobs.push(...(piece.logprobs ?? []));
		return lineOf(meta, piece, { done: false });
	}

	/** Ollama tells a call when it is whole; one that was cut short is none. */
	function* endCall(): Generator<OllamaLine> {
		const args = parseArguments(call.json);
		const { id, name } = call;
		call = { id: '', name: '', json: '' };
		if (id === '' || args === null) return;
		yield add({ tool_calls: [{ id, function: { index: total.tool_calls.length, name, arguments: args } }] });
	}

	function* push(event: ChatEvent): Generator<OllamaLine> {
		switch (event.type) {
			case 'start':
				startMs = meta.nowMs();
				break;
			case 'progress':
				break;
			case 'reasoning-delta':
				if (event.text !== '') yield add(meta.showsThinking ? { thinking: event.text } : {});
				break;
			case 'content-delta':
				if (event.text !== '' || event.logprobs !== null)
					yield add({ content: event.text, ...withLogprobs(event.logprobs) });
				break;
			case 'tool-call-start':
				yield* endCall();
				call = { id: event.id, name: event.name, json: '' };
				break;
			case 'tool-call-delta':
				call.json += event.arguments;
				break;
			case 'finish': {
				yield* endCall();
				const nowMs = meta.nowMs();
				end = {
					done: true,
					done_reason: event.finishReason === 'length' ? 'length' : 'stop',
					total_duration: nanoseconds(nowMs - meta.begunMs),
					load_duration: nanoseconds(startMs - meta.begunMs),
					prompt_eval_count: event.usage.promptTokens,
					prompt_eval_duration: nanoseconds((firstTokenMs ?? nowMs) - startMs),
					eval_count: event.usage.completionTokens,
					eval_duration: nanoseconds(nowMs - (firstTokenMs ?? nowMs)),
				};
				yield lineOf(meta, {}, end);
				break;
			}
		}
	}

	return {
		push,
		whole: () =>
			lineOf(
				meta,
				{
					content: total.content,
					...(total.thinking === '' ? {} : { thinking: total.thinking }),
					...(total.tool_calls.length === 0 ? {} : { tool_calls: total.tool_calls }),
					...(total.logprobs.length === 0 ? {} : { logprobs: total.logprobs }),
				},
				end,
			),
		nothing: () => lineOf(meta, {}, { done: false }),
	};
}

/** The answer to a request that asks nothing: the model is up. */
export function loadedLine(meta: OllamaLineMeta): OllamaLine {
	return lineOf(meta, {}, { done: true, done_reason: 'load' });
}

function lineOf(meta: OllamaLineMeta, piece: Piece, end: End): OllamaLine {
	const { content = '', thinking, tool_calls: calls, logprobs } = piece;
	const head = { model: meta.model, created_at: new Date(meta.nowMs()).toISOString() };
	const thought = thinking === undefined ? {} : { thinking };
	const tail = { ...(logprobs === undefined ? {} : { logprobs }), ...end };
	if (meta.endpoint === 'generate') return { ...head, response: content, ...thought, ...tail };
	const message = {
		role: 'assistant' as const,
		content,
		...thought,
		...(calls === undefined ? {} : { tool_calls: calls }),
	};
	return { ...head, message, ...tail };
}

function withLogprobs(logprobs: TokenLogprob[] | null): Piece {
	return logprobs === null ? {} : { logprobs: encodeLogprobs(logprobs) };
}

function nanoseconds(ms: number): number {
	return Math.max(0, Math.round(ms * 1e6));
}
