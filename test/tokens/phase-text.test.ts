import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createPhaseText } from '../../src/tokens/phase-text.ts';
import { createTokenDecoder } from '../../src/tokens/token-decoder.ts';

function piece(bytes: Uint8Array) {
	let text: string | null = null;
	try {
		text = new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
	} catch {
		// part of a character
	}
	return { bytes, text };
}

/** Cuts a byte string anywhere. */
const splitText = fc
	.tuple(
		fc.array(
			fc.oneof(
				fc.constantFrom(' ', '\n', '\t', 'é', '→', '😀', '👩‍👩‍👧', '\ufeff', 'ok'),
				fc.string({ unit: 'binary' }),
			),
			{ maxLength: 12 },
		),
		fc.array(fc.nat(64), { maxLength: 12 }),
	)
	.map(([parts, cuts]) => {
		const bytes = Buffer.from(parts.join('').toWellFormed(), 'utf8');
		const at = [0, ...cuts.map((cut) => cut % (bytes.length + 1)), bytes.length].sort((a, b) => a - b);
		return { text: bytes.toString('utf8'), pieces: at.slice(1).map((end, n) => piece(bytes.subarray(at[n], end))) };
	});

describe('the token decoder', () => {
	it('gives the whole text however the bytes are split, and never half a character', () => {
		fc.assert(
			fc.property(splitText, ({ text, pieces }) => {
				const decoder = createTokenDecoder();
				const parts = [...pieces.map((each) => decoder.push(each)), decoder.end()];
				expect(parts.join('')).toBe(text);
				for (const part of parts) expect(part.isWellFormed()).toBe(true);
			}),
		);
	});

	it('shows U+FFFD for what stayed incomplete, at the end alone', () => {
		const decoder = createTokenDecoder();
		const half = Buffer.from('😀').subarray(0, 2);
		expect(decoder.push(piece(half))).toBe('');
		expect(decoder.end()).toBe('\ufffd');
	});
});

describe('the text of a phase', () => {
	it('is the whole without the whitespace at its borders, and log-probabilities line up with it', () => {
		fc.assert(
			fc.property(splitText, fc.boolean(), fc.boolean(), ({ text, pieces }, trimsStart, trimsEnd) => {
				const phase = createPhaseText({ trimsStart, trimsEnd });
				const logprob = ({ bytes }: { bytes: Uint8Array }) => ({
					id: 1,
					bytes: Buffer.from(bytes).toString('base64'),
					logprob: -1,
					top: [],
				});
				const shown = [...pieces.map((each) => phase.push(each, logprob(each))), phase.end()];
				let expected = text;
				if (trimsStart) expected = expected.replace(/^[ \t\r\n]+/, '');
				if (trimsEnd) expected = expected.replace(/[ \t\r\n]+$/, '');
				expect(shown.map((part) => part.text).join('')).toBe(expected);
				const bytes = shown.flatMap((part) => part.logprobs.map((token) => Buffer.from(token.bytes, 'base64')));
				expect(Buffer.concat(bytes).toString('utf8')).toBe(expected);
			}),
		);
	});
});
