import { invalidRequest, modelLoading, overloaded, workerFailed } from '../../errors.ts';
import type { TokenLogprob } from '../../protocol/worker-api.ts';
import type { PhaseRun } from '../../tokens/phase-run.ts';
import { brokenStream } from '../line-splitter.ts';
import { LinkedAbort } from '../linked-abort.ts';
import type { WorkerClient } from '../worker-client.ts';
import { completionBody } from './completion-body.ts';
import { type CompletionChunk, completionChunkSchema } from './llama-server-api.ts';
import { createSseReader } from './read-sse.ts';
import type { StockVocabulary } from './read-vocabulary.ts';

const MAX_LINE_BYTES = 1024 * 1024;
const MAX_STREAM_BYTES = 1024 * 1024 * 1024;

type SegmentOptions = {
	run: PhaseRun;
	model: { vocabulary: StockVocabulary; contextTokens: number };
	client: WorkerClient;
	slot: number;
	reusesCache: boolean;
	signal: AbortSignal;
};

/**
 * One request to the engine: hands its tokens to the run until the engine ends it, or the run wants another: tokens were
 * forced, a phase ended, a token was refused. Yields whenever something came; the events are in the run's outbox.
 */
export async function* runSegment(options: SegmentOptions): AsyncGenerator<void, void, undefined> {
	const { run, client } = options;
	// A thought of no tokens is closed before anything is drawn.
	if (run.closesAtOnce) begin(run);
	if (run.isFinished) return;
	const room = roomLeft(options);
	if (room <= 0) return run.endForLength();
	const abort = new LinkedAbort(options.signal);
	const drawn = createDrawn(options);
	const reader = createSseReader(MAX_LINE_BYTES);
	let bytes = 0;
	let end: CompletionChunk | null = null;
	try {
		const response = await client.send('POST', '/completion', bodyOf(options, room), abort.signal);
		if (response.statusCode !== 200) {
			response.body.on('error', () => {}).destroy();
			throw refusal(response.statusCode, options);
		}
		// undici types the body as AsyncIterable<any>; without setEncoding it holds Buffers.
		for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
			bytes += chunk.length;
			if (bytes > MAX_STREAM_BYTES) throw brokenStream(`the stream is longer than ${MAX_STREAM_BYTES} bytes`);
			const told = reader.push(chunk);
			for (const data of told) {
				const event = parseChunk(data);
				if (event.error !== undefined) throw workerFailed(FAILED, event.error.message);
				if (event.stop) end = event;
				else if (event.prompt_progress !== undefined) prefilled(run, event.prompt_progress);
				else if (drawn.push(event) === 'cut') {
					yield;
					return;
				}
			}
			// A comment keeps a connection open, and is no progress.
			if (told.length > 0) yield;
		}
		if (end === null) throw brokenStream('the stream ended before the generation did');
		drawn.end(end);
		yield;
	} finally {
		abort.abort(null);
		abort.unlink();
	}
}

const FAILED = 'The model worker failed while it processed your request.';

function roomLeft({ run, model }: SegmentOptions): number {
	return model.contextTokens - run.prompt.length - run.generated.length;
}

function bodyOf({ run, model, slot, reusesCache }: SegmentOptions, room: number): Record<string, unknown> {
	const { request, banned, phase: index } = run;
	const phase = request.phases[index];
	if (phase === undefined) throw new TypeError('a run that is not finished has a phase'); // the machine's invariant
	const most = Math.min(room, run.mostDraws);
	const seed = phase.sampling.seed;
	return completionBody({
		prompt: run.inputTokens,
		phase,
		hasGrammar: grammarBinds(run),
		maxTokens: banned.length > 0 || run.isOpening ? 1 : most,
		// Another stretch must not draw the same random numbers again.
		seed: seed === null ? null : (seed + run.generated.length) % 0x1_0000_0000,
		banned,
		stops: run.stops.flatMap((id) => model.vocabulary.piece(id).text ?? []),
		logprobs: request.logprobs,
		slot,
		reusesCache,
	});
}

/** A grammar starts with its stretch: it cannot be entered in the middle, where another worker left it. */
function grammarBinds(run: PhaseRun): boolean {
	const { grammar } = run.request.phases[run.phase] ?? {};
	if (grammar === undefined || grammar === null || run.isOpening) return false;
	const { trigger } = run;
	const after = trigger === null ? 0 : run.phaseTokens.indexOf(trigger) + 1;
	if (trigger !== null && after === 0) return false;
	if (run.phaseTokens.length > after) throw overloaded('The model worker cannot enter a grammar in its middle.');
	return true;
}

function refusal(status: number, { run }: SegmentOptions): Error {
	if (status === 503) return modelLoading('this model');
	if (status === 400 && run.request.phases[run.phase]?.grammar != null)
		return invalidRequest('response_format', 'invalid_value', 'The grammar cannot be parsed.');
	return workerFailed('The model worker could not process your request.', `the engine answered with status ${status}`);
}

function begin(run: PhaseRun): void {
	if (!run.hasStarted) run.start(0);
	run.begin();
}

function prefilled(run: PhaseRun, progress: { total: number; cache: number; processed: number }): void {
	if (!run.hasStarted) run.start(progress.cache);
	if (run.isPrefill) {
		run.pending = run.inputTokens.slice(progress.processed);
		run.reportPrefill();
	}
}

/** Tokens as they come. Those that may be the engine's end wait for the next line, which says whether they were. */
function createDrawn({ run, model: { vocabulary } }: SegmentOptions) {
	const input = run.inputTokens;
	let count = 0;
	let held: { id: number; logprob: TokenLogprob | null } | null = null;

	/** `cut` where the run goes on with something else than the engine's next token. */
	function give(id: number, logprob: TokenLogprob | null): 'on' | 'cut' {
		const { phase } = run;
		const before = run.generated.length;
		run.pending = [];
		run.accept(id, logprob);
		const took = run.generated.length - before;
		return run.isFinished || run.phase !== phase || took !== 1 || run.stops.includes(id) ? 'cut' : 'on';
	}

	function release(): 'on' | 'cut' {
		const { id, logprob } = held ?? { id: -1, logprob: null };
		held = null;
		return id === -1 ? 'on' : give(id, logprob);
	}

	return {
		push(chunk: CompletionChunk): 'on' | 'cut' {
			const [id] = chunk.tokens;
			if (id === undefined) return 'on';
			if (run.isPrefill) {
				begin(run);
				// It was asked to end its thought meanwhile.
				if (run.isFinished || run.generated.length > input.length - run.prompt.length) return 'cut';
			}
			if (release() === 'cut') return 'cut';
			const lost = chunk.tokens_predicted - count - 1;
			count = chunk.tokens_predicted;
			for (const earlier of mend(lost, id, chunk.content, vocabulary)) if (give(earlier, null) === 'cut') return 'cut';
			const logprob = readLogprob(chunk, run.request.logprobs ?? 0);
			const mayEnd = vocabulary.isMark(id) && !vocabulary.isEndOfGeneration(id) && !run.stops.includes(id);
			if (mayEnd) {
				held = { id, logprob };
				return 'on';
			}
			return give(id, logprob);
		},
		end({ stop_type: reason }: CompletionChunk): void {
			if (held !== null && reason === 'eos') vocabulary.learnEnd(held.id);
			release();
			if (count === 0) throw brokenStream('the engine gave no token');
		},
	};
}

/** The engine sends no ids for tokens that end inside a character: they are found by their bytes. */
function mend(lost: number, lastId: number, content: string, vocabulary: StockVocabulary): number[] {
	if (lost <= 0) return [];
	const bytes = Buffer.from(content);
	const head = bytes.subarray(0, bytes.length - vocabulary.piece(lastId).bytes.length);
	const ids = vocabulary.spell(head, lost);
	if (ids === null) throw brokenStream(`${lost} tokens were not told`);
	return ids;
}

function readLogprob(
	{ completion_probabilities: [told] = [] }: CompletionChunk,
	alternatives: number,
): TokenLogprob | null {
	if (told === undefined) return null;
	const base64 = (bytes: number[]) => Buffer.from(bytes).toString('base64');
	const top = told.top_logprobs
		.slice(0, alternatives)
		.map(({ id, bytes, logprob }) => ({ id, bytes: base64(bytes), logprob }));
	return { id: told.id, bytes: base64(told.bytes), logprob: told.logprob, top };
}

function parseChunk(data: string): CompletionChunk {
	try {
		return completionChunkSchema.parse(JSON.parse(data));
	} catch (error) {
		throw brokenStream('a line is no event', error);
	}
}
