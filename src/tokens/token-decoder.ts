import type { Piece } from './piece.ts';

/**
 * Joins token bytes to text, holding back a character until its last byte is there. The text of all pushes and of `end`
 * is that of the whole byte string; U+FFFD stands only for bytes that no continuation could mend.
 */
export function createTokenDecoder(): { push(piece: Piece): string; end(): string } {
	const decoder = new TextDecoder('utf-8', { ignoreBOM: true });
	let holds = false;
	return {
		push(piece) {
			if (piece.text !== null && !holds) return piece.text;
			const text = decoder.decode(piece.bytes, { stream: true });
			holds = piece.text === null || text === '';
			return text;
		},
		end() {
			holds = false;
			return decoder.decode();
		},
	};
}
