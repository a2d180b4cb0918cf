import type { ReasoningField } from '../protocol/chat-reasoning.ts';
import type { ChatCompletionChunk, Delta, FinishReason, Logprobs } from '../protocol/chat-response.ts';
import type { ChatEvent } from './chat-event.ts';
import { encodeLogprobs } from './encode-logprobs.ts';
import { encodeReasoningStatus, encodeUsage } from './encode-usage.ts';
import { createReasoningPlacer, type PlacedText } from './place-reasoning.ts';

export type CompletionMeta = {
	/** chatcmpl-... */
	id: string;
	/** Unix seconds. */
	created: number;
	model: string;
	systemFingerprint: string;
	field: ReasoningField;
	includeUsage: boolean;
};

/**
 * The chunks of one streamed answer, in order: role, thought, answer, finish reason, usage. A delta holds only the field
 * that changed. The stream ends without `[DONE]`, which is the frame writer's; it throws what the events throw.
 */
export async function* encodeChunks(
	events: AsyncIterable<ChatEvent>,
	meta: CompletionMeta,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
	const encoder = createChunkEncoder(meta);
	for await (const event of events) yield* encoder.push(event);
}

/** One choice's events as chunks: a value, so that several choices can be woven into one stream. */
export function createChunkEncoder(meta: CompletionMeta, index = 0) {
	const placer = createReasoningPlacer(meta.field);

	function chunk(choices: ChatCompletionChunk['choices']): ChatCompletionChunk {
		return {
			id: meta.id,
			object: 'chat.completion.chunk',
			created: meta.created,
			model: meta.model,
			system_fingerprint: meta.systemFingerprint,
			choices,
			...(meta.includeUsage ? { usage: null } : {}),
		};
	}

	function deltaChunk(delta: Delta, logprobs: Logprobs | null = null, finishReason: FinishReason | null = null) {
		return chunk([{ index, delta, logprobs, finish_reason: finishReason }]);
	}

	function* texts(placed: PlacedText[], logprobs: Logprobs | null) {
		for (const delta of placed) yield deltaChunk(delta, logprobs);
	}

	function* push(event: ChatEvent): Generator<ChatCompletionChunk> {
		switch (event.type) {
			case 'start':
				yield deltaChunk({ role: 'assistant', content: '' });
				break;
			case 'progress':
				break;
			case 'reasoning-delta':
				yield* texts(
					placer.reasoning(event.text),
					event.logprobs && { content: null, refusal: null, reasoning_content: encodeLogprobs(event.logprobs) },
				);
				break;
			case 'content-delta':
				yield* texts(
					placer.content(event.text),
					event.logprobs && { content: encodeLogprobs(event.logprobs), refusal: null },
				);
				break;
			case 'tool-call-start':
				yield* texts(placer.end(), null);
				yield deltaChunk({
					tool_calls: [
						{ index: event.index, id: event.id, type: 'function', function: { name: event.name, arguments: '' } },
					],
				});
				break;
			case 'tool-call-delta':
				yield deltaChunk({ tool_calls: [{ index: event.index, function: { arguments: event.arguments } }] });
				break;
			case 'finish':
				yield* texts(placer.end(), null);
				yield {
					...deltaChunk({}, null, event.finishReason),
					reasoning_status: encodeReasoningStatus(event.reasoning),
				};
				if (meta.includeUsage) yield { ...chunk([]), usage: encodeUsage(event.usage) };
				break;
		}
	}

	return { push };
}
