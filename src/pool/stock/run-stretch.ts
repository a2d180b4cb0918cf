import { invalidRequest, modelLoading, overloaded, workerFailed } from '../../errors.ts';
import type { PhaseRun } from '../../tokens/phase-run.ts';
import { brokenStream } from '../line-splitter.ts';
import { LinkedAbort } from '../linked-abort.ts';
import type { WorkerClient } from '../worker-client.ts';
import { createSseReader } from './read-sse.ts';
import type { StockModel } from './stock-model.ts';
import type { Stretch, StretchEvent, StretchRequest } from './stretch.ts';

const MAX_LINE_BYTES = 1024 * 1024;
const MAX_STREAM_BYTES = 1024 * 1024 * 1024;

type StretchOptions = {
	run: PhaseRun;
	model: StockModel;
	client: WorkerClient;
	request: StretchRequest;
	signal: AbortSignal;
};

/**
 * One request to the engine: hands its tokens to the run until the engine ends it, or the run wants another: tokens were
 * forced, a phase ended, a token was refused. Yields whenever something came; the events are in the run's outbox.
 */
export async function* runStretch(options: StretchOptions): AsyncGenerator<void, void, undefined> {
	const { run, client, request } = options;
	// A thought of no tokens is closed before anything is drawn.
	if (run.closesAtOnce) begin(run);
	if (run.isFinished) return;
	const room = options.model.info.contextTokens - run.prompt.length - run.generated.length;
	if (room <= 0) return run.endForLength();
	const abort = new LinkedAbort(options.signal);
	const take = createTaker(run);
	const lines = createSseReader(MAX_LINE_BYTES);
	const stretch = request.read(run);
	let bytes = 0;
	try {
		const response = await client.send('POST', request.path, request.body(stretchOf(run, room)), abort.signal);
		if (response.statusCode !== 200) {
			response.body.on('error', () => {}).destroy();
			throw refusal(response.statusCode, run);
		}
		// undici types the body as AsyncIterable<any>; without setEncoding it holds Buffers.
		for await (const chunk of response.body as AsyncIterable<Uint8Array>) {
			bytes += chunk.length;
			if (bytes > MAX_STREAM_BYTES) throw brokenStream(`the stream is longer than ${MAX_STREAM_BYTES} bytes`);
			const told = lines.push(chunk);
			for (const data of told) {
				if (take(stretch.push(data)) === 'on') continue;
				yield;
				return;
			}
			// A comment keeps a connection open, and is no progress.
			if (told.length > 0) yield;
		}
		take(stretch.end());
		yield;
	} finally {
		abort.abort(null);
		abort.unlink();
	}
}

function stretchOf(run: PhaseRun, room: number): Stretch {
	const { request, banned } = run;
	const phase = request.phases[run.phase];
	if (phase === undefined) throw new TypeError('a run that is not finished has a phase'); // the machine's invariant
	const { seed } = phase.sampling;
	return {
		prompt: run.inputTokens,
		phase,
		hasGrammar: grammarBinds(run),
		maxTokens: banned.length > 0 || run.isOpening ? 1 : Math.min(room, run.mostDraws),
		// Another stretch must not draw the same random numbers again.
		seed: seed === null ? null : (seed + run.generated.length) % 0x1_0000_0000,
		banned,
		stops: run.stops,
		logprobs: request.logprobs,
		cacheScope: request.cacheScope,
	};
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

function refusal(status: number, run: PhaseRun): Error {
	if (status === 503) return modelLoading('this model');
	if (status === 429) return overloaded('The model worker is busy. Please try again shortly.');
	if ((status === 400 || status === 422) && run.request.phases[run.phase]?.grammar != null)
		return invalidRequest('response_format', 'invalid_value', 'The grammar cannot be parsed.');
	return workerFailed('The model worker could not process your request.', `the engine answered with status ${status}`);
}

function begin(run: PhaseRun): void {
	if (!run.hasStarted) run.start(run.cachedTokens);
	run.begin();
}

/** Hands events to the run; `cut` where it goes on with something else than the engine's next token. */
function createTaker(run: PhaseRun): (events: readonly StretchEvent[]) => 'on' | 'cut' {
	const inputLength = run.prompt.length + run.generated.length;

	function token({ id, logprob }: Extract<StretchEvent, { type: 'token' }>): 'on' | 'cut' {
		if (run.isPrefill) {
			begin(run);
			// It was asked to end its thought meanwhile.
			if (run.isFinished || run.prompt.length + run.generated.length > inputLength) return 'cut';
		}
		const { phase } = run;
		const before = run.generated.length;
		run.pending = [];
		run.accept(id, logprob);
		const took = run.generated.length - before;
		return run.isFinished || run.phase !== phase || took !== 1 || run.stops.includes(id) ? 'cut' : 'on';
	}

	return (events) => {
		for (const event of events) {
			if (event.type === 'token') {
				if (token(event) === 'cut') return 'cut';
				continue;
			}
			if (!run.hasStarted) run.start(event.cached);
			if (run.isPrefill) {
				run.pending = run.inputTokens.slice(event.processed);
				run.reportPrefill();
			}
		}
		return 'on';
	};
}
