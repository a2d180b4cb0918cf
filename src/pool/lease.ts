import type { WorkerEvent } from '../protocol/worker-api.ts';
import { type GenerationNews, GenerationTimer } from './generation-timer.ts';
import { LinkedAbort } from './linked-abort.ts';
import type { Placement } from './placement.ts';
import type { SupervisedWorker } from './supervised-worker.ts';
import type { Worker } from './worker.ts';

/** What running a generation takes of a lease, wherever it was granted. */
export type HeldLease = Pick<
	Lease,
	'worker' | 'workerId' | 'launchKey' | 'signal' | 'isPulling' | 'observe' | 'doubt' | 'release'
>;

/**
 * The right to one slot of one launch of a worker. Taken in the step that decides for it and given back in the `finally`
 * of the generator that streams, and nowhere else.
 */
export class Lease {
	readonly requestId: string;
	readonly worker: Worker;
	readonly workerId: string;
	readonly launchKey: string;
	/** Of the prompt, how much the worker has probably in its cache. */
	readonly knownShare: number;
	/** Whether somebody waits for the worker's next event. False while the reader takes its time. */
	isPulling = false;
	readonly #member: SupervisedWorker;
	readonly #abort: LinkedAbort;
	readonly #timer: GenerationTimer;
	/** Where another process follows the generation. */
	#pendingElsewhere: number | null = null;
	readonly #takenAtMs = performance.now();
	readonly #onRelease: (heldMs: number) => void;

	constructor(options: {
		placement: Placement;
		member: SupervisedWorker;
		worker: Worker;
		knownShare: number;
		signal: AbortSignal;
		onRelease: (heldMs: number) => void;
	}) {
		this.requestId = options.placement.requestId;
		this.worker = options.worker;
		this.workerId = options.member.id;
		this.launchKey = options.member.lifecycle.launchKey;
		this.knownShare = options.knownShare;
		this.#member = options.member;
		this.#abort = new LinkedAbort(options.signal);
		this.#timer = new GenerationTimer(options.placement.promptTokens * (1 - options.knownShare));
		this.#onRelease = options.onRelease;
		this.#member.leases.add(this);
	}

	/** The client's signal, or `abort`. */
	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	/** Prompt tokens that the worker has still to evaluate for it, about. */
	get pendingPromptTokens(): number {
		return this.#pendingElsewhere ?? this.#timer.pendingPromptTokens;
	}

	/** To be called with every event of the worker. */
	observe(event: WorkerEvent): void {
		const news = this.#timer.push(event, performance.now());
		if (news !== null) this.#member.observe(this.launchKey, news);
	}

	/** The same, from a process that follows the generation for us. */
	learn(news: GenerationNews | null, pendingPromptTokens: number): void {
		this.#pendingElsewhere = pendingPromptTokens;
		if (news !== null) this.#member.observe(this.launchKey, news);
	}

	/** Fails the generation with this error at its next event. */
	abort(error: Error): void {
		this.#abort.abort(error);
	}

	/** Tells with which code the worker failed this generation. */
	doubt(code: string | null): void {
		this.#member.doubt(this.launchKey, code);
	}

	release(): void {
		if (!this.#member.leases.delete(this)) return;
		this.#abort.unlink();
		this.#member.released();
		this.#onRelease(performance.now() - this.#takenAtMs);
	}
}
