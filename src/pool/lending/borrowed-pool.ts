import { z } from 'zod';
import { workerFailed } from '../../errors.ts';
import { fromWireError } from '../../protocol/wire-error.ts';
import type { EmbedResponse, PromptPart, WorkerEvent } from '../../protocol/worker-api.ts';
import type { Ask } from '../ask.ts';
import { chooseModels, type Fallbacks, type Routes } from '../choose-models.ts';
import { embedOnLeases } from '../embed-on-leases.ts';
import { HttpWorker } from '../http-worker.ts';
import type { HeldLease } from '../lease.ts';
import type { PoolLog } from '../pool-log.ts';
import type { PoolObserver } from '../pool-observer.ts';
import type {
	Announcement,
	PoolEmbedOptions,
	PoolGenerateOptions,
	PoolModel,
	PoolStatus,
	PoolWorkerStatus,
	WorkerVerb,
} from '../pool-options.ts';
import { type LeaseSource, runOnLeases } from '../run-on-leases.ts';
import { BorrowedLease } from './borrowed-lease.ts';
import { LeaseRequests } from './lease-requests.ts';
import { type Connected, connectedSchema, leaseAbortSchema, modelSchema, poolNewsSchema } from './messages.ts';
import type { Peer } from './peer.ts';

/** How often the owner of the pool hears of readers that have become slow, or fast again. */
const PULLING_MS = 500;

export type BorrowedPoolOptions = {
	/** Longest wait for a slot. */
	patienceMs: number;
	/** Longest run of a generation. */
	generationMs: number;
	routes: Routes;
	fallbacks: Fallbacks;
	log: PoolLog;
	observer: PoolObserver;
};

/**
 * The pool of another process, as that of this one: leases come from its owner, generations run on the workers over
 * connections of our own. No token passes through the owner.
 */
export class BorrowedPool {
	readonly #peer: Peer;
	readonly #requests: LeaseRequests;
	readonly #options: BorrowedPoolOptions;
	#models: PoolModel[] = [];
	readonly #workers = new Map<string, HttpWorker>();
	readonly #leases = new Map<number, BorrowedLease>();
	readonly #running = new Map<string, HeldLease>();
	readonly #timer: NodeJS.Timeout;

	constructor(peer: Peer, options: BorrowedPoolOptions) {
		this.#peer = peer;
		this.#requests = new LeaseRequests(peer);
		this.#options = options;
		peer.onNote('pool', (value) => this.#learn(poolNewsSchema.parse(value)));
		peer.onNote('abort', (value) => {
			const { leaseId, error } = leaseAbortSchema.parse(value);
			this.#leases.get(leaseId)?.abort(fromWireError(error));
		});
		this.#timer = setInterval(() => this.#tellPulling(), PULLING_MS);
		this.#timer.unref();
		peer.note('subscribe', null);
	}

	models(): PoolModel[] {
		return this.#models;
	}

	findModel(nameOrAlias: string): PoolModel | null {
		return this.#models.find(({ name, aliases }) => name === nameOrAlias || aliases.includes(nameOrAlias)) ?? null;
	}

	routes(): string[] {
		return Object.keys(this.#options.routes);
	}

	candidates(name: string, stickyKey: string): PoolModel[] {
		const names = chooseModels(this.findModel(name)?.name ?? name, stickyKey, this.#options);
		return names.flatMap((candidate) => this.findModel(candidate) ?? []);
	}

	/** Only the owner knows its queue: it is asked with the request. */
	refusalOfAll(): null {
		return null;
	}

	awaken(model: string, signal: AbortSignal): Promise<PoolModel> {
		signal.throwIfAborted();
		return this.#peer.call('awaken', model, modelSchema);
	}

	/** As WorkerPool.generate. */
	generate(options: PoolGenerateOptions): AsyncGenerator<WorkerEvent, void, undefined> {
		return runOnLeases(options, this.#leasesOf(options.model));
	}

	/** As WorkerPool.embed. */
	embed(options: PoolEmbedOptions): Promise<EmbedResponse['embeddings']> {
		return embedOnLeases(options, this.#leasesOf(options.model));
	}

	async endPhase(requestId: string, phase: 'reasoning'): Promise<boolean> {
		const lease = this.#running.get(requestId);
		return lease === undefined ? false : lease.worker.endPhase(requestId, phase, lease.signal);
	}

	async tokenize(model: string, prompt: PromptPart[], signal: AbortSignal): Promise<number[]> {
		return (await this.#anyWorker(model)).tokenize(prompt, signal);
	}

	async detokenize(model: string, tokens: number[], signal: AbortSignal): Promise<string> {
		return (await this.#anyWorker(model)).detokenize(tokens, signal);
	}

	status(): Promise<PoolStatus> {
		return this.#peer.call('status', null, z.custom<PoolStatus>()); // made by the same build a moment ago
	}

	operate(verb: WorkerVerb, workerId: string): Promise<PoolWorkerStatus | null> {
		return this.#peer.call('operate', { verb, workerId }, z.custom<PoolWorkerStatus | null>());
	}

	async announced(announcement: Announcement): Promise<void> {
		await this.#peer.call('announced', announcement, z.unknown());
	}

	/** Lets go of the workers; generations that still run fail. */
	async close(): Promise<void> {
		clearInterval(this.#timer);
		const ended = workerFailed('The gateway was ended.');
		await Promise.all([...this.#workers.values()].map((worker) => worker.destroy(ended)));
	}

	#leasesOf(model: string): LeaseSource {
		const { patienceMs, generationMs, log, observer } = this.#options;
		return {
			acquire: (ask) => this.#acquire(model, ask),
			patienceMs,
			generationMs,
			running: this.#running,
			log,
			onMove: (workerId) => observer.retried?.({ model: this.findModel(model)?.name ?? model, workerId }),
		};
	}

	async #acquire(model: string, ask: Ask): Promise<HeldLease> {
		const { leaseId, workerId, launchKey, connection, knownShare } = await this.#requests.ask(model, ask);
		const lease = new BorrowedLease({
			leaseId,
			workerId,
			launchKey,
			worker: this.#connect({ launchKey, connection }),
			signal: ask.signal,
			pendingPromptTokens: ask.placement.promptTokens * (1 - knownShare),
			peer: this.#peer,
			onRelease: () => this.#leases.delete(leaseId),
		});
		this.#leases.set(leaseId, lease);
		return lease;
	}

	async #anyWorker(model: string): Promise<HttpWorker> {
		return this.#connect(await this.#peer.call('any-worker', model, connectedSchema));
	}

	#connect({ launchKey, connection }: Connected): HttpWorker {
		const known = this.#workers.get(launchKey);
		if (known !== undefined) return known;
		const worker = new HttpWorker(connection);
		this.#workers.set(launchKey, worker);
		return worker;
	}

	/** A launch that is over has taken its connections with it, or is to be let go of. */
	#learn({ models, launches }: z.infer<typeof poolNewsSchema>): void {
		this.#models = models;
		for (const [launchKey, worker] of this.#workers) {
			if (launches.includes(launchKey)) continue;
			this.#workers.delete(launchKey);
			void worker.destroy(
				workerFailed('The model worker failed while it processed your request.', 'its launch is over'),
			);
		}
	}

	#tellPulling(): void {
		const changed = [...this.#leases.values()].flatMap((lease) => lease.takePullingChange());
		if (changed.length > 0) this.#peer.note('pulling', changed);
	}
}
