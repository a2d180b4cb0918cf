import type { TokenLogprob } from '../protocol/worker-api.ts';
import type { Piece } from './piece.ts';
import { createTokenDecoder } from './token-decoder.ts';

export type VisibleText = { text: string; logprobs: TokenLogprob[] };

export type PhaseText = {
	push(piece: Piece, logprob: TokenLogprob | null): VisibleText;
	/** The phase is over: what was held back and belongs to it. */
	end(): VisibleText;
};

/**
 * The visible text of one phase. The format's (ASCII) whitespace at its borders is no text: `trimsStart` drops what leads,
 * `trimsEnd` holds whitespace back until something follows it. Log-probabilities are given out when the text of their
 * token was, so that their bytes, joined, are the text; a token cut by the trimming keeps only its visible bytes.
 */
export function createPhaseText(options: { trimsStart: boolean; trimsEnd: boolean }): PhaseText {
	const decoder = createTokenDecoder();
	const ledger = createLedger();
	let trimsStart = options.trimsStart;
	let held = '';

	function show(decoded: string): string {
		let text = decoded;
		if (trimsStart) {
			const kept = text.replace(/^[ \t\r\n]+/, '');
			ledger.drop(text.length - kept.length);
			text = kept;
			if (text === '') return '';
			trimsStart = false;
		}
		if (!options.trimsEnd) return text;
		const body = text.slice(0, bodyLength(text));
		if (body === '') {
			held += text;
			return '';
		}
		const shown = held + body;
		held = text.slice(body.length);
		return shown;
	}

	return {
		push(piece, logprob) {
			if (logprob !== null) ledger.add(logprob);
			const text = show(decoder.push(piece));
			return { text, logprobs: ledger.release(text) };
		},
		end() {
			const text = show(decoder.end());
			const logprobs = ledger.release(text);
			return { text, logprobs: [...logprobs, ...ledger.end()] };
		},
	};
}

/** Without trailing ASCII whitespace; a regular expression would look at long inner runs again and again. */
function bodyLength(text: string): number {
	let length = text.length;
	while (length > 0 && ' \t\r\n'.includes(text.charAt(length - 1))) length--;
	return length;
}

/** Which logged tokens are wholly shown: counts bytes in, dropped and out. */
function createLedger() {
	const waiting: { logprob: TokenLogprob; bytes: Buffer }[] = [];
	let shownBytes = 0;
	return {
		add(logprob: TokenLogprob) {
			waiting.push({ logprob, bytes: Buffer.from(logprob.bytes, 'base64') });
		},
		/** Leading whitespace is ASCII: a character is a byte. */
		drop(bytes: number) {
			let left = bytes;
			for (let first = waiting[0]; first !== undefined && left > 0; first = waiting[0]) {
				const cut = Math.min(left, first.bytes.length);
				first.bytes = first.bytes.subarray(cut);
				left -= cut;
				if (first.bytes.length > 0) break;
				waiting.shift();
			}
		},
		release(text: string): TokenLogprob[] {
			if (waiting.length === 0) return [];
			shownBytes += Buffer.byteLength(text);
			const released: TokenLogprob[] = [];
			for (let first = waiting[0]; first !== undefined && first.bytes.length <= shownBytes; first = waiting[0]) {
				if (first.bytes.length === 0 && shownBytes === 0) break;
				shownBytes -= first.bytes.length;
				released.push({ ...first.logprob, bytes: first.bytes.toString('base64') });
				waiting.shift();
			}
			return released;
		},
		end(): TokenLogprob[] {
			const first = waiting[0];
			waiting.length = 0;
			if (first === undefined || shownBytes === 0) return [];
			return [{ ...first.logprob, bytes: first.bytes.subarray(0, shownBytes).toString('base64') }];
		},
	};
}
