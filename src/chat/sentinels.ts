import { internalError } from '../errors.ts';
import type { PromptPart } from '../protocol/worker-api.ts';

/** A run of prompt text; the only kind of part that rendering makes. */
export type TextPart = Extract<PromptPart, { text: string }>;

/**
 * How a text stands where the template put it. `text`: as it is. `json`: the template may have quoted it, then it is
 * escaped to fit. `arguments`: JSON in a string, which a template that expects an object quotes once too often.
 */
export type SentinelKind = 'text' | 'json' | 'arguments';

export type Sentinels = {
	/** Stands for the text in the template's input. */
	mark(text: string, kind?: SentinelKind): string;
	/** The rendered template as parts: around the marks it is the template's, in their place stands the text. */
	cut(rendered: string): TextPart[];
};

/**
 * Carries texts through a template untouched and tells them from the template's own afterwards. Marks are letters and
 * digits, which trimming, JSON quoting and ASCII escaping leave alone, with 96 random bits that nobody can have typed.
 */
export function createSentinels(): Sentinels {
	const prefix = `s${Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('hex')}x`;
	const pattern = new RegExp(`${prefix}(\\d+)z`);
	const marked: { text: string; kind: SentinelKind }[] = [];

	return {
		mark(text, kind = 'text') {
			if (text.includes(prefix)) throw internalError(new Error('a text holds the sentinel that stands for it'));
			marked.push({ text, kind });
			return `${prefix}${marked.length - 1}z`;
		},
		cut(rendered) {
			const pieces = rendered.split(pattern); // template text at even indexes, sentinel numbers at odd ones
			const parts: TextPart[] = [];
			for (let index = 1; index < pieces.length; index += 2) {
				const sentinel = marked[Number(pieces[index])];
				if (sentinel === undefined) continue;
				place(sentinel, index);
			}
			pieces.forEach((piece, index) => {
				append(parts, { text: piece, special: index % 2 === 0 });
			});
			return parts;

			function place({ text, kind }: { text: string; kind: SentinelKind }, index: number): void {
				const before = pieces[index - 1] ?? '';
				const after = pieces[index + 1] ?? '';
				const isQuoted = before.endsWith('"') && after.startsWith('"');
				pieces[index] = isQuoted && kind === 'json' ? JSON.stringify(text).slice(1, -1) : text;
				if (!isQuoted || kind !== 'arguments') return;
				pieces[index - 1] = before.slice(0, -1);
				pieces[index + 1] = after.slice(1);
			}
		},
	};
}

/** Adds a part; neighbours of one kind become one. */
export function append(parts: TextPart[], part: TextPart): void {
	if (part.text === '') return;
	const last = parts.at(-1);
	if (last?.special === part.special) last.text += part.text;
	else parts.push({ ...part });
}
