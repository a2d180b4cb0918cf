/** Deeper than any honest schema; shallow enough for every recursive function that sees the body afterwards. */
export const MAX_DEPTH = 128;
/** Objects and arrays in one body: two orders of magnitude above a long conversation with all its tools. */
const MAX_CONTAINERS = 200_000;

/**
 * Looks at JSON text before it is parsed: JSON.parse itself takes seconds over eight megabytes of brackets, and nothing
 * else runs meanwhile. Strings are jumped over, so that what this costs is what the text's structure is. Says nothing
 * of whether the text is valid.
 */
export function isWithinShape(text: string): boolean {
	let depth = 0;
	let containers = 0;
	for (let index = 0; index < text.length; index += 1) {
		switch (text.charCodeAt(index)) {
			case QUOTE:
				index = endOfString(text, index + 1);
				break;
			case OPEN_BRACKET:
			case OPEN_BRACE:
				depth += 1;
				containers += 1;
				if (depth > MAX_DEPTH || containers > MAX_CONTAINERS) return false;
				break;
			case CLOSE_BRACKET:
			case CLOSE_BRACE:
				depth -= 1;
				break;
		}
	}
	return true;
}

/** Whether some object has a key that would become a prototype once the object is copied key by key. */
export function hasPrototypeKey(value: unknown): boolean {
	if (typeof value !== 'object' || value === null) return false;
	if (Array.isArray(value)) return value.some(hasPrototypeKey);
	return Object.hasOwn(value, '__proto__') || Object.values(value).some(hasPrototypeKey);
}

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;

/** The index of the closing quote, or of the text's end. */
function endOfString(text: string, start: number): number {
	for (let from = start; ; ) {
		const quote = text.indexOf('"', from);
		if (quote === -1) return text.length;
		let before = quote - 1;
		while (before >= start && text.charCodeAt(before) === BACKSLASH) before -= 1;
		if ((quote - before) % 2 === 1) return quote;
		from = quote + 1;
	}
}
