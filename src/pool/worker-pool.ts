import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { modelNotFound, type RetortError, shuttingDown } from '../errors.ts';
import type { EmbedResponse, PromptPart, WorkerEvent } from '../protocol/worker-api.ts';
import type { Ask } from './ask.ts';
import { chooseModels } from './choose-models.ts';
import { describeWorker } from './describe-worker.ts';
import { embedOnLeases } from './embed-on-leases.ts';
import type { HttpWorkerOptions } from './http-worker.ts';
import type { HeldLease, Lease } from './lease.ts';
import { ModelResidency } from './model-residency.ts';
import type { PoolObserver } from './pool-observer.ts';
import type {
	PoolEmbedOptions,
	PoolGenerateOptions,
	PoolModel,
	PoolModelOptions,
	PoolOptions,
	PoolStatus,
	PoolWorkerStatus,
	WorkerVerb,
} from './pool-options.ts';
import type { RemoteOptions } from './remote-options.ts';
import { dnsResolver } from './resolve-hosts.ts';
import { type LeaseSource, runOnLeases } from './run-on-leases.ts';
import { ServedModel } from './served-model.ts';
import { SupervisedWorker } from './supervised-worker.ts';
import { vetWorker } from './vet-worker.ts';
import { watchHosts } from './watch-hosts.ts';
import type { Worker } from './worker.ts';
import type { WorkerHost } from './worker-host.ts';
import { hostAt, localHosts } from './worker-hosts.ts';

/** All models and all their workers behind one verb. `drain` finishes, `destroy` fails now. */
export class WorkerPool {
	readonly #options: PoolOptions;
	readonly #observer: PoolObserver;
	readonly #models: ServedModel[];
	readonly #residency: ModelResidency;
	readonly #byName = new Map<string, ServedModel>();
	readonly #created = Math.floor(Date.now() / 1000);
	readonly #running = new Map<string, HeldLease>();
	/** Ends the watch over names. */
	readonly #life = new AbortController();
	#folder: string | null = null;
	#onIdle: (() => void) | null = null;

	constructor(options: PoolOptions) {
		this.#options = options;
		this.#observer = options.observer ?? {};
		this.#models = Object.entries(options.models).map(([name, model]) => this.#serve(name, model));
		this.#residency = new ModelResidency({
			models: this.#models.map((served) => {
				const { ttlSeconds = null, memoryBytes = 0, workers } = options.models[served.name] ?? { workers: 0 };
				// What others run is theirs to unload.
				return { served, bytes: memoryBytes, ttlMs: ttlSeconds === null || workers === 0 ? null : ttlSeconds * 1000 };
			}),
			budgetBytes: options.memoryBudgetBytes ?? null,
			patienceMs: options.queue.deadlineSeconds * 1000,
			log: options.log,
		});
		for (const served of this.#models)
			for (const name of [served.name, ...served.aliases]) if (!this.#byName.has(name)) this.#byName.set(name, served);
	}

	/** Launches every worker that is not kept for demand, and those that names lead to as they are found; does not wait. */
	start(): void {
		for (const served of this.#models) {
			const { load = 'start', remotes = [] } = this.#options.models[served.name] ?? {};
			if (load === 'start') for (const member of served.members) member.start();
			for (const remote of remotes) this.#watch(served, remote);
		}
	}

	models(): PoolModel[] {
		return this.#models.map((served) => this.#describe(served));
	}

	findModel(nameOrAlias: string): PoolModel | null {
		const served = this.#byName.get(nameOrAlias);
		return served === undefined ? null : this.#describe(served);
	}

	/** Names that lead to several models. */
	routes(): string[] {
		return Object.keys(this.#options.routes ?? {});
	}

	/** The models that may serve a request for this name, best first; none when there is no such name. */
	candidates(name: string, stickyKey: string): PoolModel[] {
		const { routes = {}, fallbacks = {} } = this.#options;
		const names = chooseModels(this.#byName.get(name)?.name ?? name, stickyKey, { routes, fallbacks });
		return names.flatMap((candidate) => this.findModel(candidate) ?? []);
	}

	/** Why no request of this key can be taken now, whichever model it is for; null where one may be. Costs next to nothing. */
	refusalOfAll(keyId: string | null, weight = 1): RetortError | null {
		let refusal: RetortError | null = null;
		for (const served of this.#models) {
			refusal = served.refusalOfFull(keyId, weight);
			if (refusal === null) return null;
		}
		if (refusal !== null) this.#observer.rejected?.({ model: this.#models[0]?.name ?? '', code: refusal.code });
		return refusal;
	}

	/** Sees to it that a model which rests is loaded. Throws `overloaded` when it does not fit, `model_loading` when it is late. */
	async awaken(model: string, signal: AbortSignal): Promise<PoolModel> {
		const served = this.#require(model);
		const release = await this.#residency.hold(served, signal);
		release();
		return this.#describe(served);
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
		return this.#acquire(this.#require(model), ask);
	}

	/** A launch that can be asked what takes no slot, and how it is reached. */
	anyConnection(model: string): { launchKey: string; connection: HttpWorkerOptions } {
		const { launchKey, worker } = this.#anyMember(model);
		return { launchKey, connection: worker.connection };
	}

	/** Keys of the launches that there are now. */
	launches(): string[] {
		return this.#members().flatMap((member) => (member.lifecycle.launch === null ? [] : [member.lifecycle.launchKey]));
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
		return this.#anyWorker(model).tokenize(prompt, signal);
	}

	detokenize(model: string, tokens: number[], signal: AbortSignal): Promise<string> {
		return this.#anyWorker(model).detokenize(tokens, signal);
	}

	status(): PoolStatus {
		return {
			queueLength: this.#models.reduce((sum, served) => sum + served.queueLength, 0),
			waiting: Object.fromEntries(this.#models.map((served) => [served.name, served.queueLength])),
			workers: this.#models.flatMap((served) => served.members.map((member) => describeWorker(served.name, member))),
		};
	}

	/** What another gateway has placed on a worker that both know. */
	hint({ model, workerId, prefixes }: { model: string; workerId: string; prefixes: readonly string[] }): void {
		this.#byName.get(model)?.hint(workerId, prefixes);
	}

	/** Acts on one worker for an operator and tells how it then is; null when there is none of this id. */
	operate(verb: WorkerVerb, workerId: string): PoolWorkerStatus | null {
		for (const served of this.#models) {
			const member = served.members.find(({ id }) => id === workerId);
			if (member === undefined) continue;
			member[verb]();
			return describeWorker(served.name, member);
		}
		return null;
	}

	/**
	 * Takes no new work, lets running generations finish for `graceMs`, fails the rest with `shutting_down`, then ends the
	 * workers. Settles once they are gone. Queued requests fail at once: they have not run and are safe to send again.
	 */
	async drain(graceMs: number): Promise<void> {
		const error = shuttingDown();
		this.#life.abort();
		this.#residency.close();
		for (const served of this.#models) served.close(error);
		await this.#idle(graceMs);
		for (const lease of this.#leases()) lease.abort(error);
		await Promise.all(this.#members().map((member) => member.stop()));
		this.#removeFolder();
	}

	/** Fails everything with this error and kills the workers. Settles once they are gone. */
	async destroy(error: RetortError): Promise<void> {
		this.#life.abort();
		this.#residency.close();
		for (const served of this.#models) served.close(error);
		for (const lease of this.#leases()) lease.abort(error);
		this.#onIdle?.();
		await Promise.all(this.#members().map((member) => member.destroy(error)));
		this.#removeFolder();
	}

	#leasesOf(model: string): LeaseSource {
		const { queue, workers, log } = this.#options;
		return {
			acquire: (ask) => this.lease(model, ask),
			patienceMs: queue.deadlineSeconds * 1000,
			generationMs: workers.generationSeconds * 1000,
			running: this.#running,
			log,
			onMove: (workerId) => this.#observer.retried?.({ model: this.#require(model).name, workerId }),
		};
	}

	/** The model stays while its request is on the way to a slot. */
	async #acquire(served: ServedModel, ask: Ask): Promise<Lease> {
		if (!served.isOnDemand && !served.isResting) return served.acquire(ask);
		const release = await this.#residency.hold(served, ask.signal);
		try {
			return await served.acquire(ask);
		} finally {
			release();
		}
	}

	#serve(name: string, model: PoolModelOptions): ServedModel {
		const { queue } = this.#options;
		const served = new ServedModel({
			name,
			aliases: model.aliases,
			maxQueueLength: queue.maxLength,
			observer: this.#observer,
			onRelease: () => {
				if (this.#onIdle !== null && this.#leases().length === 0) this.#onIdle();
			},
		});
		const hosts = localHosts(name, model.workers, this.#hostOptions());
		for (const remote of model.remotes ?? [])
			if (remote.where.type === 'url') hosts.push(hostAt(remote.where.url, name, remote, this.#hostOptions()));
		for (const host of hosts) this.#join(served, host);
		return served;
	}

	#join(served: ServedModel, host: WorkerHost): SupervisedWorker {
		const { log, workers } = this.#options;
		const model = served.name;
		const workerId = host.id;
		const member: SupervisedWorker = new SupervisedWorker({
			host,
			loadMs: workers.loadSeconds * 1000,
			stallMs: workers.stallSeconds * 1000,
			drainMs: workers.drainSeconds * 1000,
			canSpare: (one) => served.members.some((other) => other !== one && other.worker !== null),
			log,
			vet: (info) => {
				const beside = served.members.find((other) => other !== member && other.lifecycle.phase === 'ready');
				return beside?.lifecycle.info ? vetWorker(info, beside.lifecycle.info) : null;
			},
			onChange: () => {
				served.dispatch();
				this.#residency.changed();
				this.#observer.changed?.();
			},
			onReady: (loadMs) => this.#observer.workerReady?.({ model, workerId, loadMs }),
			onRefused: (reason) => this.#observer.workerRefused?.({ model, workerId, reason }),
			onDeath: (reason) => this.#observer.workerDied?.({ model, workerId, reason }),
		});
		served.members.push(member);
		return member;
	}

	#watch(served: ServedModel, remote: RemoteOptions): void {
		const { type, url } = remote.where;
		if (type === 'url') return;
		const { log, resolver = dnsResolver() } = this.#options;
		void watchHosts(
			{ type, url },
			{
				refreshMs: remote.refreshMs,
				resolver,
				log,
				signal: this.#life.signal,
				onChange: ({ joined, left }) => {
					for (const origin of joined)
						this.#join(served, hostAt(origin, served.name, remote, this.#hostOptions())).start();
					for (const origin of left)
						served.members.find((member) => member.id === origin && !member.isRetiring)?.retire();
				},
			},
		);
	}

	#hostOptions() {
		const { spawn, workers, log, stateFolder = null } = this.#options;
		return { spawn, workers, log, stateFolder, folder: () => this.#privateFolder() };
	}

	/** mkdtemp makes it 0700: nobody else reaches the sockets in it. */
	#privateFolder(): string {
		this.#folder ??= mkdtempSync(join(tmpdir(), 'retort-'));
		return this.#folder;
	}

	#removeFolder(): void {
		if (this.#folder !== null) rmSync(this.#folder, { recursive: true, force: true });
		this.#folder = null;
	}

	#describe(served: ServedModel): PoolModel {
		return {
			name: served.name,
			aliases: served.aliases,
			created: this.#created,
			state: served.state,
			info: served.info,
		};
	}

	#require(model: string): ServedModel {
		const served = this.#byName.get(model);
		if (served === undefined) throw modelNotFound(model);
		return served;
	}

	/** For calls that need no slot. */
	#anyWorker(model: string): Worker {
		return this.#anyMember(model).worker;
	}

	#anyMember(model: string): { launchKey: string; worker: Worker } {
		const served = this.#require(model);
		const [least] = served.members
			.filter((member) => member.worker !== null)
			.sort((left, right) => left.leases.size - right.leases.size);
		const worker = least?.worker ?? null;
		if (least === undefined || worker === null) throw served.refusal() ?? shuttingDown();
		return { launchKey: least.lifecycle.launchKey, worker };
	}

	#members(): SupervisedWorker[] {
		return this.#models.flatMap((served) => served.members);
	}

	#leases(): Lease[] {
		return this.#models.flatMap((served) => served.leases());
	}

	/** Settles when nothing runs, at the deadline, or at destroy. */
	async #idle(deadlineMs: number): Promise<void> {
		if (this.#leases().length === 0) return;
		let timer: NodeJS.Timeout | undefined;
		try {
			await new Promise<void>((resolve) => {
				this.#onIdle = resolve;
				timer = setTimeout(resolve, deadlineMs);
			});
		} finally {
			clearTimeout(timer);
		}
	}
}
