import type { Logprob } from '../../protocol/chat-response.ts';
import type { ResponsesEvent } from '../../protocol/responses-event.ts';
import type {
	FunctionCallItem,
	ItemStatus,
	OutputItem,
	OutputMessage,
	OutputText,
	ReasoningItem,
} from '../../protocol/responses-response.ts';

type WithoutNumber<Event> = Event extends unknown ? Omit<Event, 'sequence_number'> : never;
/** An event before it has got its place in the stream. */
export type UnnumberedEvent = WithoutNumber<ResponsesEvent>;

/** Which channels a thought goes out on: raw text, summary, or both. */
export type ReasoningChannels = { text: boolean; summary: boolean };

/** One item of a response's output while it grows. Opened once, closed once; what it is at the end is `item()`. */
export type GrowingItem = {
	open(): UnnumberedEvent[];
	close(): UnnumberedEvent[];
	item(status: ItemStatus): OutputItem;
};

type Place = { id: string; outputIndex: number };

export type GrowingReasoning = GrowingItem & { push(text: string): UnnumberedEvent[] };

export function growReasoning({ id, outputIndex }: Place, channels: ReasoningChannels): GrowingReasoning {
	let text = '';
	const inText = { item_id: id, output_index: outputIndex, content_index: 0 };
	const inSummary = { item_id: id, output_index: outputIndex, summary_index: 0 };
	const item = (status: ItemStatus): ReasoningItem => ({
		type: 'reasoning',
		id,
		status,
		summary: channels.summary && text !== '' ? [{ type: 'summary_text', text }] : [],
		...(channels.text ? { content: text === '' ? [] : [{ type: 'reasoning_text', text }] } : {}),
	});
	return {
		item,
		open() {
			const events: UnnumberedEvent[] = [
				{ type: 'response.output_item.added', output_index: outputIndex, item: item('in_progress') },
			];
			if (channels.text) {
				events.push({ type: 'response.content_part.added', ...inText, part: { type: 'reasoning_text', text: '' } });
			}
			if (channels.summary) {
				const part = { type: 'summary_text' as const, text: '' };
				events.push({ type: 'response.reasoning_summary_part.added', ...inSummary, part });
			}
			return events;
		},
		push(delta) {
			text += delta;
			const events: UnnumberedEvent[] = [];
			if (channels.text) events.push({ type: 'response.reasoning_text.delta', ...inText, delta });
			if (channels.summary) events.push({ type: 'response.reasoning_summary_text.delta', ...inSummary, delta });
			return events;
		},
		close() {
			const events: UnnumberedEvent[] = [];
			if (channels.text) {
				events.push({ type: 'response.reasoning_text.done', ...inText, text });
				events.push({ type: 'response.content_part.done', ...inText, part: { type: 'reasoning_text', text } });
			}
			if (channels.summary) {
				const part = { type: 'summary_text' as const, text };
				events.push({ type: 'response.reasoning_summary_text.done', ...inSummary, text });
				events.push({ type: 'response.reasoning_summary_part.done', ...inSummary, part });
			}
			return events;
		},
	};
}

export type GrowingMessage = GrowingItem & { push(text: string, logprobs: Logprob[]): UnnumberedEvent[] };

export function growMessage({ id, outputIndex }: Place): GrowingMessage {
	let text = '';
	const logprobs: Logprob[] = [];
	const inContent = { item_id: id, output_index: outputIndex, content_index: 0 };
	const part = (): OutputText => ({ type: 'output_text', text, annotations: [], logprobs });
	const item = (status: ItemStatus, content: OutputText[]): OutputMessage => ({
		type: 'message',
		id,
		status,
		role: 'assistant',
		content,
	});
	return {
		item: (status) => item(status, [part()]),
		open: () => [
			{ type: 'response.output_item.added', output_index: outputIndex, item: item('in_progress', []) },
			{
				type: 'response.content_part.added',
				...inContent,
				part: { type: 'output_text', text: '', annotations: [], logprobs: [] },
			},
		],
		push(delta, entries) {
			text += delta;
			logprobs.push(...entries);
			return [{ type: 'response.output_text.delta', ...inContent, delta, logprobs: entries }];
		},
		close: () => [
			{ type: 'response.output_text.done', ...inContent, text, logprobs },
			{ type: 'response.content_part.done', ...inContent, part: part() },
		],
	};
}

export type GrowingCall = GrowingItem & { push(piece: string): UnnumberedEvent[] };

export function growCall({ id, outputIndex }: Place, call: { callId: string; name: string }): GrowingCall {
	let text = '';
	const inItem = { item_id: id, output_index: outputIndex };
	const item = (status: ItemStatus): FunctionCallItem => ({
		type: 'function_call',
		id,
		status,
		call_id: call.callId,
		name: call.name,
		arguments: text,
	});
	return {
		item,
		open: () => [{ type: 'response.output_item.added', output_index: outputIndex, item: item('in_progress') }],
		push(delta) {
			text += delta;
			return [{ type: 'response.function_call_arguments.delta', ...inItem, delta }];
		},
		close: () => [{ type: 'response.function_call_arguments.done', ...inItem, name: call.name, arguments: text }],
	};
}
