import type { FinishReason } from '../../protocol/chat-response.ts';
import type {
	Message,
	MessageBlock,
	MessageDelta,
	MessagesEvent,
	StopReason,
} from '../../protocol/messages-response.ts';
import type { ChatEvent, TokenUsage } from '../chat-event.ts';
import { encodeReasoningStatus } from '../encode-usage.ts';
import { parseArguments } from '../parse-arguments.ts';

export type MessageMeta = {
	/** msg_... */
	id: string;
	model: string;
	showsThinking: boolean;
	/** The stop string that ended the answer; asked when it is over. */
	stopSequence(): string | null;
};

export type MessageEncoder = {
	push(event: ChatEvent): Generator<MessagesEvent>;
	/** What the events so far come to. */
	message(): Message;
};

/** Chat events as Anthropic's: one block after the other, thought before text before calls. */
export function createMessageEncoder(meta: MessageMeta): MessageEncoder {
	const message: Message = {
		id: meta.id,
		type: 'message',
		role: 'assistant',
		model: meta.model,
		content: [],
		stop_reason: null,
		stop_sequence: null,
		stop_details: null,
		container: null,
		usage: encodeMessageUsage({ promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 }),
	};
	let open: MessageBlock | null = null;
	let json = '';

	const index = () => message.content.length - 1;
	const deltaEvent = (delta: MessageDelta): MessagesEvent => ({ type: 'content_block_delta', index: index(), delta });

	function* close(): Generator<MessagesEvent> {
		if (open === null) return;
		if (open.type === 'thinking') yield deltaEvent({ type: 'signature_delta', signature: '' });
		if (open.type === 'tool_use') open.input = parseArguments(json) ?? {};
		open = null;
		yield { type: 'content_block_stop', index: index() };
	}

	function* begin(block: MessageBlock): Generator<MessagesEvent> {
		yield* close();
		open = block;
		message.content.push(block);
		yield { type: 'content_block_start', index: index(), content_block: { ...block } };
	}

	function* push(event: ChatEvent): Generator<MessagesEvent> {
		switch (event.type) {
			case 'start':
				message.usage.input_tokens = event.promptTokens - event.cachedTokens;
				message.usage.cache_read_input_tokens = event.cachedTokens;
				yield { type: 'message_start', message: structuredClone(message) };
				break;
			case 'progress':
				break;
			case 'reasoning-delta':
				if (!meta.showsThinking || event.text === '') break;
				if (open?.type !== 'thinking') yield* begin({ type: 'thinking', thinking: '', signature: '' });
				if (open?.type === 'thinking') open.thinking += event.text;
				yield deltaEvent({ type: 'thinking_delta', thinking: event.text });
				break;
			case 'content-delta':
				if (event.text === '') break;
				if (open?.type !== 'text') yield* begin({ type: 'text', text: '', citations: null });
				if (open?.type === 'text') open.text += event.text;
				yield deltaEvent({ type: 'text_delta', text: event.text });
				break;
			case 'tool-call-start':
				json = '';
				yield* begin({ type: 'tool_use', id: event.id, name: event.name, input: {}, caller: { type: 'direct' } });
				break;
			case 'tool-call-delta':
				json += event.arguments;
				yield deltaEvent({ type: 'input_json_delta', partial_json: event.arguments });
				break;
			case 'finish':
				yield* close();
				message.stop_sequence = meta.stopSequence();
				message.stop_reason = toStopReason(event.finishReason, message.stop_sequence);
				message.usage = encodeMessageUsage(event.usage);
				message.reasoning_status = encodeReasoningStatus(event.reasoning);
				yield {
					type: 'message_delta',
					delta: {
						stop_reason: message.stop_reason,
						stop_sequence: message.stop_sequence,
						stop_details: null,
						container: null,
					},
					usage: message.usage,
					reasoning_status: message.reasoning_status,
				};
				yield { type: 'message_stop' };
				break;
		}
	}

	return { push, message: () => message };
}

function encodeMessageUsage(usage: TokenUsage): Message['usage'] {
	return {
		input_tokens: usage.promptTokens - usage.cachedTokens,
		cache_creation_input_tokens: 0,
		cache_creation: null,
		cache_read_input_tokens: usage.cachedTokens,
		output_tokens: usage.completionTokens,
		output_tokens_details: { thinking_tokens: usage.reasoningTokens },
		server_tool_use: null,
		service_tier: 'standard',
		inference_geo: null,
		reasoning_tokens: usage.reasoningTokens,
	};
}

function toStopReason(finish: FinishReason, stopSequence: string | null): StopReason {
	switch (finish) {
		case 'length':
			return 'max_tokens';
		case 'tool_calls':
			return 'tool_use';
		case 'stop':
			return stopSequence === null ? 'end_turn' : 'stop_sequence';
	}
}
