import type { TextChoice, TextCompletion, TextLogprobs } from '../protocol/completion-response.ts';
import type { TokenLogprob } from '../protocol/worker-api.ts';
import type { TokenUsage } from './chat-event.ts';
import { encodeUsage } from './encode-usage.ts';
import type { TextEvent } from './parse-text.ts';

export type TextMeta = {
	/** cmpl-... */
	id: string;
	/** Unix seconds. */
	created: number;
	model: string;
	systemFingerprint: string;
	includeUsage: boolean;
	/** Of the choices of one prompt only the first one's prompt is counted. */
	choicesPerPrompt: number;
};

/** An event of the choice with this index; `echo` is what its text begins with. */
export type ChoiceEvent = { index: number; echo: string; event: TextEvent };

/** The chunks of a streamed completion: the choices' texts, one finish reason each, then usage where it was asked for. */
export async function* encodeTextChunks(
	events: AsyncIterable<ChoiceEvent>,
	meta: TextMeta,
): AsyncGenerator<TextCompletion, void, undefined> {
	const usage = createUsageSum(meta.choicesPerPrompt);
	const chunk = (choices: TextChoice[]): TextCompletion => ({
		...headOf(meta),
		choices,
		...(meta.includeUsage ? { usage: null } : {}),
	});
	let logprobs = createTextLogprobs('');
	for await (const { index, echo, event } of events) {
		switch (event.type) {
			case 'start':
				logprobs = createTextLogprobs(echo);
				if (echo !== '') yield chunk([{ text: echo, index, logprobs: null, finish_reason: null }]);
				break;
			case 'delta':
				yield chunk([{ text: event.text, index, logprobs: logprobs.encode(event.logprobs), finish_reason: null }]);
				break;
			case 'finish':
				usage.add(index, event.usage);
				yield chunk([{ text: '', index, logprobs: null, finish_reason: event.finishReason }]);
				break;
		}
	}
	if (meta.includeUsage) yield { ...headOf(meta), choices: [], usage: encodeUsage(usage.sum()) };
}

/** The whole completion, from the very chunks that a stream is made of. */
export async function collectText(events: AsyncIterable<ChoiceEvent>, meta: TextMeta): Promise<TextCompletion> {
	const choices: TextChoice[] = [];
	let usage: TextCompletion['usage'] = null;
	for await (const chunk of encodeTextChunks(events, { ...meta, includeUsage: true })) {
		usage = chunk.usage ?? usage;
		for (const piece of chunk.choices) {
			const choice = choices[piece.index];
			if (choice === undefined) {
				choices[piece.index] = piece;
				continue;
			}
			choice.text += piece.text;
			choice.finish_reason = piece.finish_reason ?? choice.finish_reason;
			choice.logprobs = joined(choice.logprobs, piece.logprobs);
		}
	}
	return { ...headOf(meta), choices, usage };
}

function headOf(meta: TextMeta) {
	const { id, created, model, systemFingerprint } = meta;
	return { id, object: 'text_completion' as const, created, model, system_fingerprint: systemFingerprint };
}

function createUsageSum(choicesPerPrompt: number) {
	const sum: TokenUsage = { promptTokens: 0, cachedTokens: 0, completionTokens: 0, reasoningTokens: 0 };
	return {
		add(index: number, usage: TokenUsage) {
			if (index % choicesPerPrompt === 0) {
				sum.promptTokens += usage.promptTokens;
				sum.cachedTokens += usage.cachedTokens;
			}
			sum.completionTokens += usage.completionTokens;
			sum.reasoningTokens += usage.reasoningTokens;
		},
		sum: () => sum,
	};
}

/** Offsets go on over all of a choice's deltas: a token that is a part of a character stands where that begins. */
function createTextLogprobs(echo: string) {
	const decoder = new TextDecoder();
	let offset = echo.length;
	return {
		encode(entries: TokenLogprob[] | null): TextLogprobs | null {
			if (entries === null) return null;
			const found: TextLogprobs = { tokens: [], token_logprobs: [], top_logprobs: [], text_offset: [] };
			for (const entry of entries) {
				found.tokens.push(textOf(entry.bytes));
				found.token_logprobs.push(Math.max(entry.logprob, FLOOR));
				const alternatives = entry.top.map(({ bytes, logprob }) => [textOf(bytes), Math.max(logprob, FLOOR)]);
				found.top_logprobs?.push(Object.fromEntries(alternatives));
				found.text_offset.push(offset);
				offset += decoder.decode(Buffer.from(entry.bytes, 'base64'), { stream: true }).length;
			}
			return found;
		},
	};
}

/** OpenAI has no infinity: what is all but impossible reads -9999. */
const FLOOR = -9999;

/** A token that is no whole text is told by its bytes, as OpenAI does. */
function textOf(base64: string): string {
	const bytes = Buffer.from(base64, 'base64');
	const text = bytes.toString('utf8');
	if (!text.includes('\uFFFD')) return text;
	return `bytes:${[...bytes].map((byte) => `\\x${byte.toString(16).padStart(2, '0')}`).join('')}`;
}

function joined(one: TextLogprobs | null, other: TextLogprobs | null): TextLogprobs | null {
	if (one === null || other === null) return one ?? other;
	return {
		tokens: [...one.tokens, ...other.tokens],
		token_logprobs: [...one.token_logprobs, ...other.token_logprobs],
		top_logprobs: [...(one.top_logprobs ?? []), ...(other.top_logprobs ?? [])],
		text_offset: [...one.text_offset, ...other.text_offset],
	};
}
