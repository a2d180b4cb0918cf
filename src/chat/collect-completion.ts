import { workerFailed } from '../errors.ts';
import type { ChatCompletion, Logprob, Logprobs, ResponseToolCall } from '../protocol/chat-response.ts';
import type { TokenLogprob } from '../protocol/worker-api.ts';
import type { ChatEvent, TokenUsage } from './chat-event.ts';
import type { CompletionMeta } from './encode-chunks.ts';
import { encodeLogprobs } from './encode-logprobs.ts';
import { encodeReasoningStatus, encodeUsage, sumUsage } from './encode-usage.ts';
import { createReasoningPlacer, type PlacedText } from './place-reasoning.ts';
import type { ChoiceEvent } from './weave-choices.ts';

/** The whole answer, from the very events that a stream is made of; throws what the events throw. */
export async function collectCompletion(
	events: AsyncIterable<ChoiceEvent>,
	meta: CompletionMeta,
): Promise<ChatCompletion> {
	const collectors: ReturnType<typeof createChoiceCollector>[] = [];
	for await (const { index, event } of events) {
		collectors[index] ??= createChoiceCollector(meta, index);
		collectors[index].push(event);
	}
	const collected = collectors.map((collector) => collector.end());
	if (collected.length === 0) throw endedEarly();
	return {
		id: meta.id,
		object: 'chat.completion',
		created: meta.created,
		model: meta.model,
		system_fingerprint: meta.systemFingerprint,
		choices: collected.map(({ choice }) => choice),
		usage: encodeUsage(sumUsage(collected.map(({ usage }) => usage))),
	};
}

function createChoiceCollector(meta: CompletionMeta, index: number) {
	const placer = createReasoningPlacer(meta.field);
	const text = { content: '', reasoning_content: '', reasoning: '' };
	const logprobs: FoundLogprobs = { areGiven: false, content: [], reasoning: [] };
	const toolCalls: ResponseToolCall[] = [];
	let finish: Extract<ChatEvent, { type: 'finish' }> | null = null;

	const add = (placed: PlacedText[]) => {
		for (const piece of placed) {
			text.content += piece.content ?? '';
			text.reasoning_content += piece.reasoning_content ?? '';
			text.reasoning += piece.reasoning ?? '';
		}
	};

	function push(event: ChatEvent): void {
		switch (event.type) {
			case 'start':
			case 'progress':
				break;
			case 'reasoning-delta':
				add(placer.reasoning(event.text));
				addLogprobs(logprobs, 'reasoning', event.logprobs);
				break;
			case 'content-delta':
				add(placer.content(event.text));
				addLogprobs(logprobs, 'content', event.logprobs);
				break;
			case 'tool-call-start':
				toolCalls[event.index] = { id: event.id, type: 'function', function: { name: event.name, arguments: '' } };
				break;
			case 'tool-call-delta': {
				const call = toolCalls[event.index];
				if (call) call.function.arguments += event.arguments;
				break;
			}
			case 'finish':
				add(placer.end());
				finish = event;
				break;
		}
	}

	function end(): { choice: ChatCompletion['choices'][number]; usage: TokenUsage } {
		if (finish === null) throw endedEarly();
		return {
			choice: {
				index,
				message: {
					role: 'assistant',
					content: text.content === '' && hasNoAnswer(finish, toolCalls) ? null : text.content,
					...(text.reasoning_content === '' ? {} : { reasoning_content: text.reasoning_content }),
					...(text.reasoning === '' ? {} : { reasoning: text.reasoning }),
					refusal: null,
					...(toolCalls.length === 0 ? {} : { tool_calls: toolCalls }),
					reasoning_status: encodeReasoningStatus(finish.reasoning),
				},
				logprobs: toLogprobs(logprobs, meta),
				finish_reason: finish.finishReason,
			},
			usage: finish.usage,
		};
	}

	return { push, end };
}

function endedEarly() {
	return workerFailed('The generation ended without a finish reason.');
}

/** null says that no answer was begun; '' is an answer that is empty. */
function hasNoAnswer(finish: Extract<ChatEvent, { type: 'finish' }>, toolCalls: ResponseToolCall[]): boolean {
	return toolCalls.length > 0 || finish.finishReason === 'length' || finish.reasoning.state === 'ended';
}

type FoundLogprobs = { areGiven: boolean; content: Logprob[]; reasoning: Logprob[] };

function addLogprobs(found: FoundLogprobs, side: 'content' | 'reasoning', logprobs: TokenLogprob[] | null): void {
	if (logprobs === null) return;
	found.areGiven = true;
	found[side].push(...encodeLogprobs(logprobs));
}

function toLogprobs(found: FoundLogprobs, meta: CompletionMeta): Logprobs | null {
	if (!found.areGiven) return null;
	const showsThought = meta.field !== 'hidden' && found.reasoning.length > 0;
	return { content: found.content, refusal: null, ...(showsThought ? { reasoning_content: found.reasoning } : {}) };
}
