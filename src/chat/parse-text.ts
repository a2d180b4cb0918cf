import { workerFailed } from '../errors.ts';
import type { RawPrompt } from '../protocol/completion-request.ts';
import type { TextFinishReason } from '../protocol/completion-response.ts';
import type { TokenLogprob, WorkerEvent } from '../protocol/worker-api.ts';
import type { TokenUsage } from './chat-event.ts';
import { createLogprobQueue } from './logprob-queue.ts';
import { createStopDetector } from './stop-detector.ts';

/** Raw text on its way to the wire: `start` first, `finish` last. */
export type TextEvent =
	| { type: 'start' }
	| { type: 'delta'; text: string; logprobs: TokenLogprob[] | null }
	| { type: 'finish'; finishReason: TextFinishReason; usage: TokenUsage };

/** Whoever prompts a reasoning model by hand splits its text by hand: these marks are a part of it. */
const SHOWN_MARKS = new Set(['<think>', '</think>']);

/** Whether a prompt written by hand leaves the thought open. Of one in tokens that is not known. */
export function leavesThoughtOpen(prompt: RawPrompt): boolean {
	return typeof prompt === 'string' && prompt.lastIndexOf('<think>') > prompt.lastIndexOf('</think>');
}

/**
 * A generation without template and phases: what the model wrote, thought and marks of the thought included, up to the
 * first stop string, which cancels the source. Its tokens of reasoning are those up to the end mark. Throws what the source
 * throws.
 */
export async function* parseText(
	events: AsyncIterable<WorkerEvent>,
	{ stops, opensInThought }: { stops: readonly string[]; opensInThought: boolean },
): AsyncGenerator<TextEvent, void, undefined> {
	const detector = createStopDetector(stops);
	const logprobs = createLogprobQueue();
	const usage: TokenUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
	let finishReason: TextFinishReason | null = null;
	let isStarted = false;
	let isStopped = false;
	let isThinking = opensInThought;

	for await (const event of events) {
		switch (event.type) {
			case 'generation-start':
				usage.promptTokens = event.promptTokens;
				usage.cachedTokens = event.cachedTokens;
				if (!isStarted) yield { type: 'start' };
				isStarted = true;
				break;
			case 'delta': {
				usage.completionTokens += event.ids.length;
				if (event.special && event.text === '<think>') isThinking = true;
				if (isThinking) usage.reasoningTokens += event.ids.length;
				if (event.special && event.text === '</think>') isThinking = false;
				if (event.special && !SHOWN_MARKS.has(event.text)) break;
				logprobs.push(event.logprobs);
				const passed = detector.push(event.text);
				isStopped = passed.isStopped;
				if (passed.text !== '') yield { type: 'delta', text: passed.text, logprobs: logprobs.take(passed.text) };
				break;
			}
			case 'generation-end':
				usage.promptTokens = event.promptTokens;
				usage.cachedTokens = event.cachedTokens;
				usage.completionTokens = event.completionTokens;
				finishReason = event.finishReason;
				break;
			case 'generation-error':
				throw workerFailed(event.message);
			case 'prefill-progress':
			case 'phase-end':
				break;
		}
		if (isStopped) {
			finishReason = 'stop';
			break;
		}
	}
	if (finishReason === null) throw workerFailed('The generation ended without saying why.');
	const held = isStopped ? '' : detector.end();
	if (held !== '') yield { type: 'delta', text: held, logprobs: logprobs.take(held) };
	const rest = logprobs.end();
	if (rest.length > 0) yield { type: 'delta', text: '', logprobs: rest };
	yield { type: 'finish', finishReason, usage };
}
