import { type RetortError, toEnvelope } from '../errors.ts';
import { toOllamaError } from './ollama-error.ts';

/** How a stream's values stand on the wire. */
export type Framing = {
	contentType: string;
	value(value: unknown): string;
	/** Closes a stream that broke, so that a client never takes a cut answer for a whole one. */
	error(error: RetortError): string;
	/** Says something in a silence that no client takes for a value; `what` has no line breaks. */
	silence(what: string): string;
	/** Closes a stream that came to its end. */
	end: string;
};

/** One `data:` line a value, comments in silences, `[DONE]`. */
export const SSE: Framing = {
	contentType: 'text/event-stream; charset=utf-8',
	value: (value) => `data: ${JSON.stringify(value)}\n\n`,
	error: (error) => SSE.value(toEnvelope(error)),
	silence: (what) => `: ${what}\n\n`,
	end: 'data: [DONE]\n\n',
};

/** The same, with the `type` of each value as the event's name. */
export const NAMED_EVENTS: Framing = {
	...SSE,
	value: (value) => `event: ${typeOf(value)}\n${SSE.value(value)}`,
};

/** Ollama's: a line a value. Its clients parse every line, so what bridges a silence is a value that adds nothing. */
export function ndjson(nothing: () => unknown): Framing {
	const line = (value: unknown) => `${JSON.stringify(value)}\n`;
	return {
		contentType: 'application/x-ndjson',
		value: line,
		error: (error) => line(toOllamaError(error)),
		silence: () => line(nothing()),
		end: '',
	};
}

function typeOf(value: unknown): string {
	return typeof value === 'object' && value !== null && 'type' in value ? String(value.type) : 'message';
}
