import type { RetortError } from '../../errors.ts';
import type { ReasoningField } from '../../protocol/chat-reasoning.ts';
import type { Logprob } from '../../protocol/chat-response.ts';
import type { ResponsesEvent } from '../../protocol/responses-event.ts';
import type {
	ItemStatus,
	OutputItem,
	ResponseHead,
	ResponseObject,
	ResponseStatus,
} from '../../protocol/responses-response.ts';
import type { ChatEvent, TokenUsage } from '../chat-event.ts';
import { encodeLogprobs } from '../encode-logprobs.ts';
import { encodeReasoningStatus } from '../encode-usage.ts';
import { createReasoningPlacer, type PlacedText } from '../place-reasoning.ts';
import {
	type GrowingCall,
	type GrowingMessage,
	type GrowingReasoning,
	growCall,
	growMessage,
	growReasoning,
	type ReasoningChannels,
	type UnnumberedEvent,
} from './output-item.ts';

export type ResponseMeta = {
	head: ResponseHead;
	/** `hidden` and `tags` mean here what they mean in chat completions; every other field is a reasoning item. */
	field: ReasoningField;
	channels: ReasoningChannels;
	nowSeconds(): number;
};

type Finish = Extract<ChatEvent, { type: 'finish' }>;
type OpenItem =
	| { type: 'reasoning'; growing: GrowingReasoning }
	| { type: 'message'; growing: GrowingMessage }
	| { type: 'function_call'; index: number; growing: GrowingCall };

export type ResponseEncoder = {
	push(event: ChatEvent): Generator<ResponsesEvent>;
	/** The end of a response that broke: what it came to, then `response.failed`. */
	fail(error: RetortError): Generator<ResponsesEvent>;
	/** The end of a response that was told to end. No event has that name: it is an incomplete one, status `cancelled`. */
	cancel(): Generator<ResponsesEvent>;
	/** As it stands. Whole answers are this, once all events are through. */
	response(): ResponseObject;
};

/** One response's events, in order and numbered. Items never overlap: what comes next closes what came before. */
export function createResponseEncoder(meta: ResponseMeta): ResponseEncoder {
	const placer = createReasoningPlacer(meta.field);
	const done: OutputItem[] = [];
	let open: OpenItem | null = null;
	let sequence = 0;
	let status: ResponseStatus = 'in_progress';
	let completedAt: number | null = null;
	let error: ResponseObject['error'] = null;
	let finish: Finish | null = null;

	function response(): ResponseObject {
		return {
			...meta.head,
			status,
			completed_at: completedAt,
			error,
			incomplete_details: status === 'incomplete' ? { reason: 'max_output_tokens' } : null,
			output: open === null ? [...done] : [...done, open.growing.item('in_progress')],
			usage: finish === null ? null : encodeResponseUsage(finish.usage),
			...(finish === null ? {} : { reasoning_status: encodeReasoningStatus(finish.reasoning) }),
		};
	}

	function* numbered(events: UnnumberedEvent[]): Generator<ResponsesEvent> {
		for (const event of events) yield { ...event, sequence_number: sequence++ };
	}

	function place(prefix: string) {
		const outputIndex = done.length;
		return { id: `${prefix}_${meta.head.id.replace(/^resp_/, '')}${outputIndex}`, outputIndex };
	}

	function* close(itemStatus: ItemStatus = 'completed'): Generator<ResponsesEvent> {
		if (open === null) return;
		const { growing } = open;
		const item = growing.item(itemStatus);
		yield* numbered([...growing.close(), { type: 'response.output_item.done', output_index: done.length, item }]);
		done.push(item);
		open = null;
	}

	function* reasoning(text: string): Generator<ResponsesEvent> {
		if (open?.type !== 'reasoning') {
			yield* close();
			const growing = growReasoning(place('rs'), meta.channels);
			open = { type: 'reasoning', growing };
			yield* numbered(growing.open());
		}
		yield* numbered(open.growing.push(text));
	}

	function* content(text: string | null, logprobs: Logprob[] = []): Generator<ResponsesEvent> {
		if (open?.type !== 'message') {
			yield* close();
			const growing = growMessage(place('msg'));
			open = { type: 'message', growing };
			yield* numbered(growing.open());
		}
		if (text !== null) yield* numbered(open.growing.push(text, logprobs));
	}

	function* placed(pieces: PlacedText[], logprobs: Logprob[] = []): Generator<ResponsesEvent> {
		for (const piece of pieces) {
			if (piece.content !== undefined) yield* content(piece.content, logprobs);
			else yield* reasoning(piece.reasoning_content ?? piece.reasoning ?? '');
		}
	}

	function* end(event: Finish): Generator<ResponsesEvent> {
		yield* placed(placer.end());
		const isCut = event.finishReason === 'length';
		const hasAnswer =
			open?.type === 'message' || done.some((item) => item.type !== 'reasoning') || open?.type === 'function_call';
		// An answer that is empty is one all the same; one that was never begun is none.
		if (!hasAnswer && !isCut && event.reasoning.state !== 'ended') yield* content(null);
		yield* close(isCut ? 'incomplete' : 'completed');
		finish = event;
		status = isCut ? 'incomplete' : 'completed';
		completedAt = isCut ? null : meta.nowSeconds();
		yield* numbered([{ type: isCut ? 'response.incomplete' : 'response.completed', response: response() }]);
	}

	return {
		response,
		*push(event) {
			switch (event.type) {
				case 'start':
					yield* numbered([{ type: 'response.created', response: response() }]);
					yield* numbered([{ type: 'response.in_progress', response: response() }]);
					break;
				case 'progress':
					break;
				case 'reasoning-delta':
					yield* placed(placer.reasoning(event.text));
					break;
				case 'content-delta':
					yield* placed(placer.content(event.text), event.logprobs === null ? [] : encodeLogprobs(event.logprobs));
					break;
				case 'tool-call-start': {
					yield* placed(placer.end());
					yield* close();
					const growing = growCall(place('fc'), { callId: event.id, name: event.name });
					open = { type: 'function_call', index: event.index, growing };
					yield* numbered(growing.open());
					break;
				}
				case 'tool-call-delta':
					if (open?.type === 'function_call' && open.index === event.index) {
						yield* numbered(open.growing.push(event.arguments));
					}
					break;
				case 'finish':
					yield* end(event);
					break;
			}
		},
		*fail(failure) {
			yield* close('incomplete');
			status = 'failed';
			error = { code: 'server_error', message: failure.message };
			const { type, code, message, param } = failure;
			yield* numbered([
				{ type: 'error', code, message, param, error: { type, code, message, param } },
				{ type: 'response.failed', response: response() },
			]);
		},
		*cancel() {
			yield* close('incomplete');
			status = 'cancelled';
			yield* numbered([{ type: 'response.incomplete', response: response() }]);
		},
	};
}

function encodeResponseUsage(usage: TokenUsage): ResponseObject['usage'] {
	return {
		input_tokens: usage.promptTokens,
		input_tokens_details: { cached_tokens: usage.cachedTokens },
		output_tokens: usage.completionTokens,
		output_tokens_details: { reasoning_tokens: usage.reasoningTokens },
		total_tokens: usage.promptTokens + usage.completionTokens,
	};
}
