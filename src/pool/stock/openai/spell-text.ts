import type { StockVocabulary } from '../stock-model.ts';

/**
 * Finds ids for text that came without: the longest token that fits, again and again. A text that is one token, as streams
 * send them, gives that token; longer ones give ids that spell it, if not always those that a tokeniser would choose.
 */
export function createSpeller(vocabulary: StockVocabulary): (text: string) => number[] {
	const ids = new Map<string, number>();
	/** By the first two bytes: the lengths that there are, longest first. */
	const lengths = new Map<string, number[]>();
	for (let id = vocabulary.size - 1; id >= 0; id--) {
		const spelling = Buffer.from(vocabulary.piece(id).bytes).toString('latin1');
		if (spelling === '') continue;
		ids.set(spelling, id);
		const head = spelling.slice(0, 2);
		const known = lengths.get(head) ?? [];
		if (!known.includes(spelling.length)) known.push(spelling.length);
		lengths.set(head, known);
	}
	for (const known of lengths.values()) known.sort((one, other) => other - one);

	return (text) => {
		const bytes = Buffer.from(text).toString('latin1');
		const found: number[] = [];
		for (let at = 0; at < bytes.length; ) {
			const fits = [...(lengths.get(bytes.slice(at, at + 2)) ?? []), 1].find((length) =>
				ids.has(bytes.slice(at, at + length)),
			);
			// A byte that no token has cannot be told; a byte-level vocabulary has all of them.
			if (fits !== undefined) found.push(ids.get(bytes.slice(at, at + fits)) ?? 0);
			at += fits ?? 1;
		}
		return found;
	};
}
