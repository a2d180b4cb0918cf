import type { AnswerPiece } from '../answer-parser.ts';

/**
 * Gathers an answer's pieces, joined as far as they go together. White space waits for what follows: before text it is
 * text, before a call it is nobody's, and so it is behind the last one.
 */
export function createAnswerPieces() {
	let pieces: AnswerPiece[] = [];
	let heldSpace = '';
	let calls = 0;

	return {
		content(text: string): void {
			if (/^\s*$/.test(text)) {
				heldSpace += text;
				return;
			}
			const all = heldSpace + text;
			const body = all.trimEnd();
			heldSpace = all.slice(body.length);
			const last = pieces.at(-1);
			if (last?.type === 'content') last.text += body;
			else pieces.push({ type: 'content', text: body });
		},
		beginCall(id: string, name: string): void {
			heldSpace = '';
			pieces.push({ type: 'tool-call-start', index: calls++, id, name });
		},
		/** Of the call that began last. */
		arguments(text: string): void {
			const last = pieces.at(-1);
			if (last?.type === 'tool-call-delta') last.arguments += text;
			else pieces.push({ type: 'tool-call-delta', index: calls - 1, arguments: text });
		},
		/** Those since the last time. */
		take(): AnswerPiece[] {
			const taken = pieces;
			pieces = [];
			return taken;
		},
		/** The answer is over. */
		end(): void {
			if (heldSpace !== '' && calls === 0) pieces.push({ type: 'content', text: heldSpace });
			heldSpace = '';
		},
	};
}
