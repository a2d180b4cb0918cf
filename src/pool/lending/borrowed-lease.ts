import type { WorkerEvent } from '../../protocol/worker-api.ts';
import { GenerationTimer } from '../generation-timer.ts';
import type { HeldLease } from '../lease.ts';
import { LinkedAbort } from '../linked-abort.ts';
import type { Worker } from '../worker.ts';
import type { Peer } from './peer.ts';

/** A lease that another process has granted; what it learns here is told there. */
export class BorrowedLease implements HeldLease {
	readonly worker: Worker;
	readonly workerId: string;
	readonly launchKey: string;
	isPulling = false;
	/** As the owner believes; it begins with a generation that is waited for. */
	#toldPulling = true;
	readonly #leaseId: number;
	readonly #peer: Peer;
	readonly #abort: LinkedAbort;
	readonly #timer: GenerationTimer;
	readonly #onRelease: () => void;

	constructor(options: {
		leaseId: number;
		workerId: string;
		launchKey: string;
		worker: Worker;
		signal: AbortSignal;
		pendingPromptTokens: number;
		peer: Peer;
		onRelease: () => void;
	}) {
		this.worker = options.worker;
		this.workerId = options.workerId;
		this.launchKey = options.launchKey;
		this.#leaseId = options.leaseId;
		this.#peer = options.peer;
		this.#abort = new LinkedAbort(options.signal);
		this.#timer = new GenerationTimer(options.pendingPromptTokens);
		this.#onRelease = options.onRelease;
	}

	get signal(): AbortSignal {
		return this.#abort.signal;
	}

	abort(error: Error): void {
		this.#abort.abort(error);
	}

	/** Told at the start, with progress, at the first token and at the end, and not with every token. */
	observe(event: WorkerEvent): void {
		const news = this.#timer.push(event, performance.now());
		if (news === null && event.type !== 'generation-start' && event.type !== 'prefill-progress') return;
		const { pendingPromptTokens } = this.#timer;
		this.#peer.note('news', { leaseId: this.#leaseId, news, pendingPromptTokens });
	}

	doubt(code: string | null): void {
		this.#peer.note('doubt', { leaseId: this.#leaseId, code });
	}

	release(): void {
		this.#abort.unlink();
		this.#onRelease();
		this.#peer.note('release', this.#leaseId);
	}

	/** What the owner does not know yet of `isPulling`: nothing, or one entry. */
	takePullingChange(): { leaseId: number; isPulling: boolean }[] {
		const { isPulling } = this;
		if (isPulling === this.#toldPulling) return [];
		this.#toldPulling = isPulling;
		return [{ leaseId: this.#leaseId, isPulling }];
	}
}
