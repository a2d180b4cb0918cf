import { electAnswer } from '../chat/elect-answer.ts';
import { parseOutput } from '../chat/parse-output.ts';
import type { ProgressTracker } from '../chat/progress.ts';
import { type ChoiceEvent, weaveChoices } from '../chat/weave-choices.ts';
import { RetortError } from '../errors.ts';
import type { PoolGenerateOptions } from '../pool/pool-options.ts';
import type { GenerateRequest, WorkerEvent } from '../protocol/worker-api.ts';
import type { Admitter, TokenEstimate } from './admission.ts';
import type { Caller } from './caller.ts';
import { clientLeft, isClientLeft } from './errors.ts';
import type { GatewayPool } from './gateway-pool.ts';
import { GenerationMeter, type GenerationSummary } from './generation-meter.ts';
import type { GatewayLog } from './log.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { PreparedChoice } from './prepare-completion.ts';
import type { RunningCompletions } from './running-completions.ts';
import { type PlaceSeeker, takePlace } from './take-place.ts';
import { ThoughtMeter } from './thought-meter.ts';

export type CompletionServices = {
	pool: GatewayPool;
	log: GatewayLog;
	metrics: GatewayMetrics;
	limits: Admitter;
	running: RunningCompletions;
};

export type Completion = {
	/** For the log: the HTTP request's id. The generation's own id is in `request`. */
	httpRequestId: string;
	caller: Caller;
	model: string;
	isStreamed: boolean;
	estimate: TokenEstimate;
	request: GenerateRequest;
	abort: AbortController;
	progress: ProgressTracker;
	/** The request has to wait for a slot. */
	onQueued?: () => void;
	/** Where the limits stand, for the response. Called before anything can be refused. */
	setHeaders(headers: Record<string, string>): void;
};

type GenerationPlace = { leave(used: GenerationSummary | null): void };

function seekerOf(completion: Completion, generations: readonly string[]): PlaceSeeker {
	const { caller, model, abort, estimate, setHeaders } = completion;
	return { id: completion.request.requestId, generations, model, caller, abort, estimate, setHeaders };
}

/** One generation with all that it takes and gives back, settled however it ends. */
export function runCompletion(
	services: CompletionServices,
	completion: Completion,
): AsyncGenerator<WorkerEvent, void, undefined> {
	const { request } = completion;
	return runGeneration(services, completion, request, () =>
		takePlace(services, seekerOf(completion, [request.requestId])),
	);
}

/**
 * The events of all choices of one request, or of the one that its samples elect: one place in the limits, in which the
 * prompt counts once. `request` is that of the first.
 */
export function runChoices(
	services: CompletionServices,
	completion: Completion,
	choices: readonly PreparedChoice[],
): AsyncGenerator<ChoiceEvent, void, undefined> {
	const [first, ...others] = choices;
	if (first === undefined || others.length > 0 || first.isSample) return runSeveral(services, completion, choices);
	return weaveChoices([parseOutput(runCompletion(services, completion), first.parse)], () => {});
}

async function* runSeveral(
	services: CompletionServices,
	completion: Completion,
	choices: readonly PreparedChoice[],
): AsyncGenerator<ChoiceEvent, void, undefined> {
	const generations = choices.map(({ request }) => request.requestId);
	const place = await takePlace(services, seekerOf(completion, generations));
	let used: GenerationSummary | null = null;
	const add = (summary: GenerationSummary) => {
		used = used === null ? summary : { ...used, completionTokens: used.completionTokens + summary.completionTokens };
	};
	try {
		const events = choices.map(({ request, parse }) =>
			parseOutput(
				runGeneration(services, completion, request, () => ({ leave: (one) => one && add(one) })),
				parse,
			),
		);
		const woven = weaveChoices(events, (reason) => abortWith(completion.abort, reason));
		yield* choices.some(({ isSample }) => isSample) ? electAnswer(woven, choices.length) : woven;
	} finally {
		place.leave(used);
	}
}

function abortWith(abort: AbortController, reason: unknown): void {
	abort.abort(reason ?? clientLeft());
}

/** Its log lines, its metrics, and what `place` holds, settled in this `finally`. */
async function* runGeneration(
	services: CompletionServices,
	completion: Completion,
	request: GenerateRequest,
	takesPlace: () => GenerationPlace | Promise<GenerationPlace>,
): AsyncGenerator<WorkerEvent, void, undefined> {
	const { pool, log, metrics } = services;
	const { caller, model, abort } = completion;
	const id = request.requestId;
	const isFirst = request === completion.request;
	const place = await takesPlace();
	const tokenGap = metrics.tokenGaps(model);
	const meter = new GenerationMeter(
		() => performance.now(),
		(gapMs) => tokenGap(gapMs / 1000),
	);
	const thought = new ThoughtMeter();
	const fields = { requestId: completion.httpRequestId, completionId: id, keyId: caller.keyId, model };
	let failure: unknown = null;
	try {
		log.info({ ...fields, stream: completion.isStreamed }, 'generation started');
		const onQueued: PoolGenerateOptions['onQueued'] = (queued) => {
			if (!isFirst) return;
			completion.progress.queued(queued);
			completion.onQueued?.();
		};
		const { keyId, key } = caller;
		const asked = { model, request, signal: abort.signal, keyId, weight: key?.weight, onQueued };
		for await (const event of pool.generate(asked)) {
			if (isFirst) completion.progress.push(event);
			meter.push(event);
			thought.push(event);
			yield event;
		}
	} catch (error) {
		// Whatever the pool makes of an abort, its reason is what ended this.
		failure = abort.signal.aborted ? abort.signal.reason : error;
		throw failure;
	} finally {
		const summary = meter.summary();
		place.leave(summary);
		// A stream that nobody reads any more is closed without an error of its own.
		if (abort.signal.aborted && !meter.isComplete) failure ??= abort.signal.reason;
		const outcome = failure === null ? 'completed' : outcomeOf(failure);
		metrics.generationEnded({ model, keyId: caller.keyId }, outcome, summary, thought.ended);
		const thoughtEnd = thought.ended?.reason ?? null;
		log.info({ ...fields, outcome, ...codeOf(failure), ...rounded(summary), thoughtEnd }, 'generation ended');
	}
}

function outcomeOf(failure: unknown): 'client-left' | 'refused' | 'failed' {
	if (isClientLeft(failure)) return 'client-left';
	if (!(failure instanceof RetortError)) return 'failed';
	return failure.status < 500 || failure.status === 503 ? 'refused' : 'failed';
}

function codeOf(failure: unknown): { code?: string | null } {
	return failure instanceof RetortError ? { code: failure.code } : {};
}

function rounded(summary: GenerationSummary): object {
	return Object.fromEntries(
		Object.entries(summary).map(([name, value]) => [name, value === null ? null : Math.round(value)]),
	);
}
