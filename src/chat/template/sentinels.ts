import type { PromptPart } from '../../protocol/worker-api.ts';

/** A run of prompt text; the only kind of part that rendering makes. */
export type TextPart = Extract<PromptPart, { text: string }>;

/** What a slot stands for: a client's text, or parts of ours and theirs. */
export type SlotContent = string | readonly TextPart[];

/**
 * How a text may stand where the template put it. `text`: as it is. `json`: the template may have quoted it, then it is
 * escaped to fit. `arguments`: JSON in a string, which a template that expects an object quotes once too often.
 */
export type SlotKind = 'text' | 'json' | 'arguments';

/** A rendered template with its texts taken out: the template's own words, and the numbers of what stands between. */
export type Segment = { words: string } | { slot: number; isEscaped: boolean };

/**
 * Letters and digits, which trimming, JSON quoting and ASCII escaping leave alone. Texts never meet a template, so the
 * random bits have to differ from nothing but the template's own words.
 */
const PREFIX = `s${Buffer.from(crypto.getRandomValues(new Uint8Array(12))).toString('hex')}x`;
const LETTER: Record<SlotKind, string> = { text: 't', json: 'j', arguments: 'a' };
const PATTERN = new RegExp(`${PREFIX}(\\d+[tja])`);

/** Takes the place of texts, in a template's input and in what it makes of it. */
export type Sentinels = {
	/** What goes into the template instead of the text. The same for the n-th text of every prompt. */
	mark(content: SlotContent, kind?: SlotKind): string;
	/** Rendered output as the template's words and the slots between them. */
	cut(rendered: string): Segment[];
	/** What they stand for, in order of their slots. */
	texts: readonly SlotContent[];
};

export function createSentinels(): Sentinels {
	const texts: SlotContent[] = [];
	return {
		texts,
		mark(content, kind = 'text') {
			texts.push(content);
			return `${PREFIX}${texts.length - 1}${LETTER[kind]}`;
		},
		cut(rendered) {
			const pieces = rendered.split(PATTERN); // words at even indexes, slot and letter at odd ones
			const segments: Segment[] = [];
			pieces.forEach((piece, index) => {
				if (index % 2 === 0) {
					const skips = quotes(pieces, index - 1) === 'a' ? 1 : 0;
					const cuts = quotes(pieces, index + 1) === 'a' ? 1 : 0;
					segments.push({ words: piece.slice(skips, piece.length - cuts) });
				} else {
					segments.push({ slot: Number.parseInt(piece, 10), isEscaped: quotes(pieces, index) === 'j' });
				}
			});
			return segments.filter((segment) => !('words' in segment) || segment.words !== '');
		},
	};
}

/** The letter of a slot that stands between two quotation marks, else ''. */
function quotes(pieces: readonly string[], index: number): string {
	const isQuoted = pieces[index - 1]?.endsWith('"') === true && pieces[index + 1]?.startsWith('"') === true;
	return isQuoted ? (pieces[index]?.at(-1) ?? '') : '';
}

/** Puts the texts back. What came from a client is never in a `special` part. */
export function fill(segments: readonly Segment[], texts: readonly SlotContent[]): TextPart[] {
	const parts: TextPart[] = [];
	for (const segment of segments) {
		if ('words' in segment) {
			append(parts, segment.words, true);
		} else {
			const content = texts[segment.slot] ?? '';
			if (typeof content !== 'string') for (const { text, special } of content) append(parts, text, special);
			else append(parts, segment.isEscaped ? JSON.stringify(content).slice(1, -1) : content, false);
		}
	}
	return parts;
}

/** Neighbours of one kind become one part. */
function append(parts: TextPart[], text: string, special: boolean): void {
	if (text === '') return;
	const last = parts.at(-1);
	if (last?.special === special) last.text += text;
	else parts.push({ text, special });
}
