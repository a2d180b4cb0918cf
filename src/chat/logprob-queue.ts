import type { TokenLogprob } from '../protocol/worker-api.ts';

/**
 * Keeps log-probabilities in step with text that a detector holds back: a token's entry goes out with the delta that
 * ends its text, so that the entries' tokens concatenate to the text.
 */
export type LogprobQueue = {
	push(logprobs: readonly TokenLogprob[] | null): void;
	/** The entries whose text is out once this text is; null when none were asked for. */
	take(text: string): TokenLogprob[] | null;
	/** What is left of the entries of the text that is out: a token cut by the text's end keeps its visible bytes. */
	end(): TokenLogprob[];
	/** What follows is not text that anybody is shown, token by token: no more entries. */
	close(): void;
};

export function createLogprobQueue(): LogprobQueue {
	let waiting: TokenLogprob[] = [];
	let wasAsked = false;
	let isClosed = false;
	let textBytes = 0;

	function release(): TokenLogprob[] {
		const taken: TokenLogprob[] = [];
		for (const entry of waiting) {
			const bytes = Buffer.byteLength(entry.bytes, 'base64');
			if (bytes > textBytes) break;
			textBytes -= bytes;
			taken.push(entry);
		}
		waiting = waiting.slice(taken.length);
		return taken;
	}

	return {
		push(logprobs) {
			if (logprobs === null) return;
			wasAsked = true;
			if (!isClosed) waiting.push(...logprobs);
		},
		take(text) {
			if (!wasAsked) return null;
			textBytes += Buffer.byteLength(text);
			return release();
		},
		end() {
			const rest = release();
			const [cut] = waiting;
			waiting = [];
			if (cut === undefined || textBytes === 0) return rest;
			const bytes = Buffer.from(cut.bytes, 'base64').subarray(0, textBytes).toString('base64');
			textBytes = 0;
			return [...rest, { ...cut, bytes }];
		},
		close() {
			isClosed = true;
			waiting = [];
		},
	};
}
