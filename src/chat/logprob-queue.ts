import type { TokenLogprob } from '../protocol/worker-api.ts';

/**
 * Keeps log-probabilities in step with text that a detector holds back: a token's entry goes out with the delta that
 * ends its text, so that the entries' tokens concatenate to the text.
 */
export type LogprobQueue = {
	push(logprobs: TokenLogprob[] | null): void;
	/** The entries whose text is out once this text is; null when none were asked for. */
	take(text: string): TokenLogprob[] | null;
};

export function createLogprobQueue(): LogprobQueue {
	let waiting: TokenLogprob[] | null = null;
	let textBytes = 0;
	return {
		push(logprobs) {
			if (logprobs !== null) waiting = [...(waiting ?? []), ...logprobs];
		},
		take(text) {
			if (waiting === null) return null;
			textBytes += Buffer.byteLength(text);
			const taken: TokenLogprob[] = [];
			for (const entry of waiting) {
				const bytes = Buffer.byteLength(entry.bytes, 'base64');
				if (bytes > textBytes) break;
				textBytes -= bytes;
				taken.push(entry);
			}
			waiting = waiting.slice(taken.length);
			return taken;
		},
	};
}
