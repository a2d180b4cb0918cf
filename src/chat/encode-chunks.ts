import type { ReasoningField } from '../protocol/chat-reasoning.ts';
import type { ChatCompletionChunk, Delta, FinishReason, Logprobs } from '../protocol/chat-response.ts';
import type { ChatEvent, TokenUsage } from './chat-event.ts';
import { encodeLogprobs } from './encode-logprobs.ts';
import { encodeReasoningStatus, encodeUsage, sumUsage } from './encode-usage.ts';
import { createReasoningPlacer, type PlacedText } from './place-reasoning.ts';
import type { ChoiceEvent } from './weave-choices.ts';

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
 * The chunks of a streamed answer, for each choice in order: role, thought, answer, finish reason; after all of them the
 * usage. A delta holds only the field that changed. The stream ends without `[DONE]`, which is the frame writer's; it
 * throws what the events throw.
 */
export async function* encodeChunks(
	events: AsyncIterable<ChoiceEvent>,
	meta: CompletionMeta,
): AsyncGenerator<ChatCompletionChunk, void, undefined> {
	const encoders: ReturnType<typeof createChunkEncoder>[] = [];
	const usages: TokenUsage[] = [];
	for await (const { index, event } of events) {
		encoders[index] ??= createChunkEncoder(meta, index);
		// A loop: `yield*` of plain values in an async generator costs a promise more for each of them.
		for (const chunk of encoders[index].push(event)) yield chunk;
		if (event.type === 'finish') usages.push(event.usage);
	}
	if (meta.includeUsage && usages.length > 0) yield { ...chunkOf(meta, []), usage: encodeUsage(sumUsage(usages)) };
}

/** What every chunk of a completion has. */
export function chunkOf(meta: CompletionMeta, choices: ChatCompletionChunk['choices']): ChatCompletionChunk {
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

/** One choice's events as chunks: a value, since choices are woven into one stream. */
function createChunkEncoder(meta: CompletionMeta, index: number) {
	const placer = createReasoningPlacer(meta.field);

	function deltaChunk(delta: Delta, logprobs: Logprobs | null = null, finishReason: FinishReason | null = null) {
		return chunkOf(meta, [{ index, delta, logprobs, finish_reason: finishReason }]);
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
				break;
		}
	}

	return { push };
}
