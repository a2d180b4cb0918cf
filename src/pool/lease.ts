import type { GenerateRequest, WorkerEvent } from '../protocol/worker-api.ts';
import { estimateTokens } from './estimate-tokens.ts';
import { GenerationTimer } from './generation-timer.ts';
import { LinkedAbort } from './linked-abort.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { Worker } from './worker.ts';

/**
 * The right to one slot of one launch of a worker. Taken in the step that decides for it and given back in the `finally`
 * of the generator that streams, and nowhere else.
 */
export class Lease {
	readonly requestId: string;
	readonly worker: Worker;
	readonly workerId: string;
	readonly launchKey: string;
	/** Whether somebody waits for the worker's next event. False while the reader takes its time. */
	isPulling = false;
	readonly #member: SupervisedWorker;
	readonly #abort: LinkedAbort;
	readonly #timer: GenerationTimer;
	readonly #takenAtMs = performance.now();
	readonly #onRelease: (heldMs: number) => void;

	constructor(options: {
		request: GenerateRequest;
		member: SupervisedWorker;
		worker: Worker;
		/** Of the prompt, how much the worker has probably in its cache. */
		knownShare: number;
		signal: AbortSignal;
		onRelease: (heldMs: number) => void;
	}) {
		this.requestId = options.request.requestId;
		this.worker = options.worker;
		this.workerId = options.member.id;
		this.launchKey = options.member.launchKey;
		this.#member = options.member;
		this.#abort = new LinkedAbort(options.signal);
		this.#timer = new GenerationTimer(estimateTokens(options.request.prompt) * (1 - options.knownShare));
		this.#onRelease = options.onRelease;
		this.#member.leases.add(this);
	}

	/** The client's signal, or `abort`. */
	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Prompt tokens that the worker has still to evaluate for it, about. */
	get pendingPromptTokens(): number {
		return this.#timer.pendingPromptTokens;
	}

	/** To be called with every event of the worker. */
	observe(event: WorkerEvent): void {
		const news = this.#timer.push(event, performance.now());
		if (news !== null) this.#member.observe(this.launchKey, news);
	}

	/** Fails the generation with this error at its next event. */
	abort(error: Error): void {
		this.#abort.abort(error);
	}

	/** Tells that the worker broke this generation. */
	doubt(): void {
		this.#member.doubt(this.launchKey);
	}

	release(): void {
		if (!this.#member.leases.delete(this)) return;
		this.#abort.unlink();
		this.#member.released();
		this.#onRelease(performance.now() - this.#takenAtMs);
	}
}
