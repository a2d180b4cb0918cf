import type { TokenLogprob } from '../protocol/worker-api.ts';
import { type AnswerParser, type AnswerPiece, createPlainAnswerParser } from './answer-parser.ts';
import type { ChatEvent } from './chat-event.ts';
import { createLogprobQueue } from './logprob-queue.ts';
import { createStopDetector } from './stop-detector.ts';

export type AnswerChannel = {
	push(delta: { text: string; special: boolean; logprobs: TokenLogprob[] | null }): Generator<ChatEvent>;
	/** What was held back, when the answer ends without a stop string. */
	end(): Generator<ChatEvent>;
	isStopped(): boolean;
	hasToolCalls(): boolean;
};

/**
 * The answer's text: tool calls are told apart first (by `toolParser`, where there are tools), what is left is searched
 * for stop strings.
 */
export function createAnswerChannel(toolParser: AnswerParser | undefined, stops: readonly string[]): AnswerChannel {
	const parser = toolParser ?? createPlainAnswerParser();
	const detector = createStopDetector(stops);
	const logprobs = createLogprobQueue();
	let isStopped = false;
	let hasToolCalls = false;

	function* content(text: string): Generator<ChatEvent> {
		if (text !== '') yield { type: 'content-delta', text, logprobs: logprobs.take(text) };
	}

	function* lastLogprobs(): Generator<ChatEvent> {
		const rest = logprobs.end();
		logprobs.close();
		if (rest.length > 0) yield { type: 'content-delta', text: '', logprobs: rest };
	}

	function* pass(pieces: AnswerPiece[]): Generator<ChatEvent> {
		for (const piece of pieces) {
			if (isStopped) return;
			if (piece.type === 'content') {
				const passed = detector.push(piece.text);
				isStopped = passed.isStopped;
				yield* content(passed.text);
				if (isStopped) yield* lastLogprobs();
			} else {
				// A stop string never spans a tool call: what was held back before one is text.
				yield* content(detector.end());
				if (!hasToolCalls) yield* lastLogprobs();
				hasToolCalls = true;
				yield piece;
			}
		}
	}

	return {
		*push(delta) {
			// A control token is no text; with tools it may open a call, whose tokens nobody is shown.
			if (!delta.special) logprobs.push(delta.logprobs);
			else if (toolParser !== undefined) logprobs.close();
			yield* pass(parser.push(delta.text, delta.special));
		},
		*end() {
			if (isStopped) return;
			yield* pass(parser.end());
			if (isStopped) return;
			yield* content(detector.end());
			yield* lastLogprobs();
		},
		isStopped: () => isStopped,
		hasToolCalls: () => hasToolCalls,
	};
}
