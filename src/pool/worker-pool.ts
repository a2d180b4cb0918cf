import { type RetortError, shuttingDown } from '../errors.ts';
import type { EmbedResponse, PromptPart, WorkerEvent } from '../protocol/worker-api.ts';
import type { Ask } from './ask.ts';
import { anyMember } from './choose-member.ts';
import { describePool, describeWorker, findWorker } from './describe-worker.ts';
import { embedOnLeases } from './embed-on-leases.ts';
import type { HttpWorkerOptions } from './http-worker.ts';
import { IdleGate } from './idle-gate.ts';
import type { HeldLease, Lease } from './lease.ts';
import { ModelDirectory } from './model-directory.ts';
import { ModelResidency } from './model-residency.ts';
import { PoolMembers } from './pool-members.ts';
import type { PoolObserver } from './pool-observer.ts';
import type {
	Announcement,
	PoolEmbedOptions,
	PoolGenerateOptions,
	PoolModel,
	PoolModelOptions,
	PoolOptions,
	PoolStatus,
	PoolWorkerStatus,
	WorkerVerb,
} from './pool-options.ts';
import { type LeaseSource, runOnLeases } from './run-on-leases.ts';
import { ServedModel } from './served-model.ts';
import type { SupervisedWorker } from './supervised-worker.ts';

/** All models and all their workers behind one verb. `drain` finishes, `destroy` fails now. */
export class WorkerPool {
	readonly #options: PoolOptions;
	readonly #observer: PoolObserver;
	readonly #models: ModelDirectory;
	readonly #residency: ModelResidency;
	readonly #running = new Map<string, HeldLease>();
	readonly #members: PoolMembers;
	readonly #idle = new IdleGate(() => this.#leases().length === 0);

	constructor(options: PoolOptions) {
		this.#options = options;
		this.#observer = options.observer ?? {};
		this.#members = new PoolMembers(options, () => {
			this.#residency.changed();
			this.#observer.changed?.();
		});
		const models = Object.entries(options.models).map(([name, model]) => this.#serve(name, model));
		this.#models = new ModelDirectory(models, options);
		this.#residency = new ModelResidency(models, options);
	}

	/** Launches every worker that is not kept for demand, and those that names lead to as they are found; does not wait. */
	start(): void {
		for (const served of this.#models.all) {
			const { load = 'start', remotes = [] } = this.#options.models[served.name] ?? {};
			if (load === 'start') for (const member of served.members) member.start();
			for (const remote of remotes) this.#members.watch(served, remote);
		}
	}

	models(): PoolModel[] {
		return this.#models.all.map((served) => this.#models.describe(served));
	}

	findModel(nameOrAlias: string): PoolModel | null {
		const served = this.#models.find(nameOrAlias);
		return served === null ? null : this.#models.describe(served);
	}

	/** Names that lead to several models. */
	routes(): string[] {
		return this.#models.routes();
	}

	/** The models that may serve a request for this name, best first; none when there is no such name. */
	candidates(name: string, stickyKey: string): PoolModel[] {
		return this.#models.candidates(name, stickyKey).map((served) => this.#models.describe(served));
	}

	/** Why no request of this key can be taken now, whichever model it is for; null where one may be. */
	refusalOfAll(keyId: string | null, weight = 1): RetortError | null {
		const refusal = this.#models.refusalOfAll(keyId, weight);
		if (refusal !== null) this.#observer.rejected?.({ model: this.#models.all[0]?.name ?? '', code: refusal.code });
		return refusal;
	}

	/** Sees to it that a model which rests is loaded. Throws `overloaded` when it does not fit, `model_loading` when it is late. */
	async awaken(model: string, signal: AbortSignal): Promise<PoolModel> {
		const served = this.#models.require(model);
		await this.#residency.awaken(served, signal);
		return this.#models.describe(served);
	}

	/**
	 * Admits, places and runs one generation. Yields what Worker.generate yields, once, whatever happens behind it: when a
	 * worker is lost another goes on at the same token, unseen. Throws `model_not_found`, `model_loading`, `overloaded` and
	 * `shutting_down` before anything has run, a worker's own 400s, and `worker_crashed` when nobody could go on.
	 * Returning early cancels it at the next event; `signal` cancels it at once, queued or running.
	 */
	generate(options: PoolGenerateOptions): AsyncGenerator<WorkerEvent, void, undefined> {
		return runOnLeases(options, this.#leasesOf(options.model));
	}

	/** A slot of this model for whoever runs the generation elsewhere, and gives the lease back. See ServedModel.acquire. */
	async lease(model: string, ask: Ask): Promise<Lease> {
		const served = this.#models.require(model);
		// The model stays while its request is on the way to a slot.
		return this.#residency.during(served, ask.signal, () => served.acquire(ask));
	}

	/** A launch that can be asked what takes no slot, and how it is reached. */
	anyConnection(model: string): { launchKey: string; connection: HttpWorkerOptions } {
		const { launchKey, worker } = anyMember(this.#models.require(model));
		return { launchKey, connection: worker.connection };
	}

	/** Keys of the launches that there are now. */
	launches(): string[] {
		return this.#workers().flatMap((member) => (member.lifecycle.launch === null ? [] : [member.lifecycle.launchKey]));
	}

	/**
	 * Embeddings of some inputs, in one slot: few at a time are fair to who waits. Throws as generate does. A worker that is
	 * lost is replaced by another, which begins them anew.
	 */
	embed(options: PoolEmbedOptions): Promise<EmbedResponse['embeddings']> {
		return embedOnLeases(options, this.#leasesOf(options.model));
	}

	/** Closes a running generation's phase now. False when it does not run (any more). */
	async endPhase(requestId: string, phase: 'reasoning'): Promise<boolean> {
		const lease = this.#running.get(requestId);
		return lease === undefined ? false : lease.worker.endPhase(requestId, phase, lease.signal);
	}

	tokenize(model: string, prompt: PromptPart[], signal: AbortSignal): Promise<number[]> {
		return anyMember(this.#models.require(model)).worker.tokenize(prompt, signal);
	}

	detokenize(model: string, tokens: number[], signal: AbortSignal): Promise<string> {
		return anyMember(this.#models.require(model)).worker.detokenize(tokens, signal);
	}

	status(): PoolStatus {
		return describePool(this.#models.all);
	}

	/** A worker told of itself. Throws `model_not_found`, and `overloaded` when there are too many. */
	announced(announcement: Announcement): void {
		this.#members.announced(this.#models.require(announcement.model), announcement);
	}

	/** What another gateway has placed on a worker that both know. */
	hint({ model, workerId, prefixes }: { model: string; workerId: string; prefixes: readonly string[] }): void {
		this.#models.find(model)?.hint(workerId, prefixes);
	}

	/** Acts on one worker for an operator and tells how it then is; null when there is none of this id. */
	operate(verb: WorkerVerb, workerId: string): PoolWorkerStatus | null {
		const found = findWorker(this.#models.all, workerId);
		found?.member[verb]();
		return found === null ? null : describeWorker(found.model, found.member);
	}

	/**
	 * Takes no new work, lets running generations finish for `graceMs`, fails the rest with `shutting_down`, then ends the
	 * workers. Settles once they are gone. Queued requests fail at once: they have not run and are safe to send again.
	 */
	async drain(graceMs: number): Promise<void> {
		const error = shuttingDown();
		this.#members.close();
		this.#residency.close();
		for (const served of this.#models.all) served.close(error);
		await this.#idle.wait(graceMs);
		for (const lease of this.#leases()) lease.abort(error);
		await Promise.all(this.#workers().map((member) => member.stop()));
		this.#members.cleanUp();
	}

	/** Fails everything with this error and kills the workers. Settles once they are gone. */
	async destroy(error: RetortError): Promise<void> {
		this.#members.close();
		this.#residency.close();
		for (const served of this.#models.all) served.close(error);
		for (const lease of this.#leases()) lease.abort(error);
		this.#idle.open();
		await Promise.all(this.#workers().map((member) => member.destroy(error)));
		this.#members.cleanUp();
	}

	#leasesOf(model: string): LeaseSource {
		const { queue, workers, log } = this.#options;
		return {
			acquire: (ask) => this.lease(model, ask),
			patienceMs: queue.deadlineSeconds * 1000,
			generationMs: workers.generationSeconds * 1000,
			running: this.#running,
			log,
			onMove: (workerId) => this.#observer.retried?.({ model: this.#models.require(model).name, workerId }),
		};
	}

	#serve(name: string, model: PoolModelOptions): ServedModel {
		const { queue } = this.#options;
		const served = new ServedModel({
			name,
			aliases: model.aliases,
			maxQueueLength: queue.maxLength,
			observer: this.#observer,
			onRelease: () => this.#idle.ended(),
		});
		this.#members.enlist(served, model);
		return served;
	}

	#workers(): SupervisedWorker[] {
		return this.#models.all.flatMap((served) => served.members);
	}

	#leases(): Lease[] {
		return this.#models.all.flatMap((served) => served.leases());
	}
}
