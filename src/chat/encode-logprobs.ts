import type { Logprob } from '../protocol/chat-response.ts';
import type { TokenLogprob } from '../protocol/worker-api.ts';

/** OpenAI has no infinity: what is all but impossible reads -9999. */
const FLOOR = -9999;

export function encodeLogprobs(logprobs: TokenLogprob[]): Logprob[] {
	return logprobs.map((entry) => ({ ...encodeOne(entry), top_logprobs: entry.top.map(encodeOne) }));
}

function encodeOne({ bytes, logprob }: { bytes: string; logprob: number }): Omit<Logprob, 'top_logprobs'> {
	const raw = Buffer.from(bytes, 'base64');
	return { token: raw.toString('utf8'), logprob: Math.max(logprob, FLOOR), bytes: [...raw] };
}
