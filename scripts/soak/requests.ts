import { setTimeout as delay } from 'node:timers/promises';
import { type StreamOutcome, streamChat } from '../../test/support/stream-chat.ts';

/** How one request ended. `violation` is what must never happen; everything else may, under faults. */
export type Ending =
	| 'complete'
	/** An error frame or status that says so: its worker was lost. The log has to excuse each of these. */
	| 'told worker_crashed'
	/** The same of one that waited for a slot, its headers sent. */
	| 'told overloaded'
	/** Turned away before anything ran. */
	| 'refused'
	/** We left. */
	| 'left'
	/** The server left, which it may do to a slow reader. */
	| 'cut off'
	| { violation: string };

export type Question = { messages: { role: string; content: string }[]; max_tokens: number };
export type Reference = { content: string; reasoning: string; completionTokens: number };

/** No request takes so long, faults included: one that does hangs. */
export const HANG_MS = 180_000;

/** The last frames of a stream. */
const TAIL_LENGTH = 1000;

export function questionOf(index: number): Question {
	const content = `What is ${11 + (index % 80)}+${17 + ((index * 7) % 80)}?`;
	return { messages: [{ role: 'user', content }], max_tokens: 60 + (index % 5) * 40 };
}

function bodyOf(question: Question) {
	return { model: 'pocket-reasoner', temperature: 0, ...question };
}

/** A stream, read to its end or left after `leaveAfterMs`. */
export function stream(
	url: string,
	question: Question,
	reference: Reference | null,
	leaveAfterMs: number | null,
): Promise<Ending> {
	const body = { ...bodyOf(question), stream_options: { include_usage: true } };
	const cut: Ending = leaveAfterMs === null ? { violation: 'a stream hangs' } : 'left';
	return cutAfter(leaveAfterMs ?? HANG_MS, cut, async (signal) =>
		judge(await streamChat(url, body, { signal }), reference),
	);
}

/**
 * What `read` makes of it, or `cut` when it is cut off first. Not by way of the read: fetch of Node 20 leaves one in some
 * thousands pending for ever when it is aborted, its connection long free. That the server noticed is seen by its slots
 * and its log.
 */
async function cutAfter(ms: number, cut: Ending, read: (signal: AbortSignal) => Promise<Ending>): Promise<Ending> {
	const controller = new AbortController();
	const isCut = new Promise<Ending>((resolve) => {
		controller.signal.addEventListener('abort', () => resolve(cut), { once: true });
	});
	const timer = setTimeout(() => controller.abort(), ms);
	try {
		return await Promise.race([isCut, read(controller.signal)]);
	} finally {
		clearTimeout(timer);
	}
}

/** The same as one answer. */
export async function whole(url: string, question: Question, reference: Reference | null): Promise<Ending> {
	const response = await fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(bodyOf(question)),
		signal: AbortSignal.timeout(HANG_MS),
	}).catch((error: unknown) => String(error));
	if (typeof response === 'string') return { violation: `whole: ${response}` };
	const answer: unknown = await response.json().catch(() => null);
	if (response.status === 503) return 'refused';
	if (!response.ok) return toldOf(at(at(answer, 'error'), 'code'), response.status);
	const [choice] = listAt(answer, 'choices');
	const message = at(choice, 'message');
	const seen = { content: at(message, 'content'), reasoning: at(message, 'reasoning_content') ?? '' };
	if (reference === null) return 'complete';
	if (seen.content !== reference.content || seen.reasoning !== reference.reasoning)
		return { violation: `whole: another text: ${JSON.stringify(seen)} in place of ${JSON.stringify(reference)}` };
	const used = at(at(answer, 'usage'), 'completion_tokens');
	return used === reference.completionTokens ? 'complete' : { violation: `whole: usage ${String(used)}` };
}

/** Reads so slowly that the server's buffers fill, for a while, and leaves. */
export function readSlowly(url: string, question: Question, forMs: number): Promise<Ending> {
	return cutAfter(forMs, 'left', (signal) => readWithPauses(url, question, signal).catch(() => 'cut off' as const));
}

async function readWithPauses(url: string, question: Question, signal: AbortSignal): Promise<Ending> {
	const response = await fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ ...bodyOf(question), max_tokens: 2000, logit_bias: { 754: -100 }, stream: true }),
		signal,
	});
	if (response.status === 503) return 'refused';
	if (!response.ok) return toldOf(at(at(await response.json(), 'error'), 'code'), response.status);
	if (response.body === null) return { violation: 'a stream without a body' };
	let tail = '';
	for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
		tail = (tail + text).slice(-TAIL_LENGTH);
		await delay(400, undefined, { signal });
	}
	if (tail.endsWith('data: [DONE]\n\n')) return 'complete';
	const code = /"code":"(\w+)"\}\}\n\n$/.exec(tail)?.[1];
	return code === undefined ? { violation: `a slow stream broke off without a word: ${tail}` } : toldOf(code, 200);
}

function judge(outcome: StreamOutcome, reference: Reference | null): Ending {
	if (outcome.status === 503) return 'refused';
	if (outcome.error !== null)
		return outcome.sawDone ? { violation: 'an error, and then [DONE]' } : toldOf(outcome.error.code, outcome.status);
	if (!outcome.sawDone || outcome.finishReason === null)
		return { violation: `a stream broke off without a word: ${JSON.stringify(outcome)}` };
	if (reference === null) return 'complete';
	const isSame = outcome.content === reference.content && outcome.reasoning === reference.reasoning;
	if (isSame) return 'complete';
	return { violation: `another text: ${JSON.stringify(outcome)} in place of ${JSON.stringify(reference)}` };
}

function toldOf(code: unknown, status: number): Ending {
	if (code === 'worker_crashed' || code === 'overloaded') return `told ${code}`;
	return { violation: `told ${String(code)}, status ${status}` };
}

/** What an undisturbed server answers. */
export async function referenceOf(url: string, question: Question): Promise<Reference> {
	const response = await fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(bodyOf(question)),
	});
	const answer: unknown = await response.json();
	const message = at(listAt(answer, 'choices')[0], 'message');
	return {
		content: String(at(message, 'content') ?? ''),
		reasoning: String(at(message, 'reasoning_content') ?? ''),
		completionTokens: Number(at(at(answer, 'usage'), 'completion_tokens')),
	};
}

function isRecord(value: unknown): value is Record<string, unknown> {
	return typeof value === 'object' && value !== null;
}

function at(value: unknown, key: string): unknown {
	return isRecord(value) ? value[key] : undefined;
}

function listAt(value: unknown, key: string): unknown[] {
	const list = at(value, key);
	return Array.isArray(list) ? list : [];
}
