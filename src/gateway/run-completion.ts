import type { ProgressTracker } from '../chat/progress.ts';
import { RetortError } from '../errors.ts';
import type { PoolGenerateOptions } from '../pool/pool-options.ts';
import type { GenerateRequest, WorkerEvent } from '../protocol/worker-api.ts';
import type { AdmissionLimits, TokenEstimate } from './admission.ts';
import type { Caller } from './caller.ts';
import { isClientLeft } from './errors.ts';
import type { GatewayPool } from './gateway-pool.ts';
import { GenerationMeter, type GenerationSummary } from './generation-meter.ts';
import type { GatewayLog } from './log.ts';
import type { GatewayMetrics } from './metrics.ts';
import type { RunningCompletions } from './running-completions.ts';
import { ThoughtMeter } from './thought-meter.ts';

export type CompletionServices = {
	pool: GatewayPool;
	log: GatewayLog;
	metrics: GatewayMetrics;
	limits: AdmissionLimits;
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

/**
 * One generation with all that a request takes and gives back: its place in the limits, its entry among the running,
 * its log lines, its metrics. All of it is settled in this `finally`, however the generation ends.
 */
export async function* runCompletion(
	services: CompletionServices,
	completion: Completion,
): AsyncGenerator<WorkerEvent, void, undefined> {
	const { pool, log, metrics, limits, running } = services;
	const { caller, model, request, abort } = completion;
	const id = request.requestId;
	const admission = limits.admit(caller, completion.estimate);
	completion.setHeaders(admission.headers);
	if (admission.refusal !== null) throw admission.refusal;
	const meter = new GenerationMeter(
		() => performance.now(),
		(gapMs) => metrics.tokenGap(model, gapMs / 1000),
	);
	const thought = new ThoughtMeter();
	const fields = { requestId: completion.httpRequestId, completionId: id, keyId: caller.keyId, model };
	let failure: unknown = null;
	try {
		running.add({ id, model, caller, cancel: (reason) => abort.abort(reason) });
		log.info({ ...fields, stream: completion.isStreamed }, 'generation started');
		const onQueued: PoolGenerateOptions['onQueued'] = (place) => {
			completion.progress.queued(place);
			completion.onQueued?.();
		};
		for await (const event of pool.generate({ model, request, signal: abort.signal, keyId: caller.keyId, onQueued })) {
			completion.progress.push(event);
			meter.push(event);
			thought.push(event);
			yield event;
		}
	} catch (error) {
		// Whatever the pool makes of an abort, its reason is what ended this.
		failure = abort.signal.aborted ? abort.signal.reason : error;
		throw failure;
	} finally {
		running.remove(id);
		admission.end(meter.usedTokens);
		// A stream that nobody reads any more is closed without an error of its own.
		if (abort.signal.aborted && !meter.isComplete) failure ??= abort.signal.reason;
		const outcome = failure === null ? 'completed' : outcomeOf(failure);
		const summary = meter.summary();
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
