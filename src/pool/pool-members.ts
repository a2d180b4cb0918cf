import { shuttingDown } from '../errors.ts';
import { AnnouncedWorkers } from './announced-workers.ts';
import type { Announcement, PoolModelOptions, PoolOptions } from './pool-options.ts';
import { PrivateFolder } from './private-folder.ts';
import type { RemoteOptions } from './remote-options.ts';
import { dnsResolver } from './resolve-hosts.ts';
import type { ServedModel } from './served-model.ts';
import { SupervisedWorker } from './supervised-worker.ts';
import { isAlive } from './supervisor.ts';
import { vetWorker } from './vet-worker.ts';
import { watchHosts } from './watch-hosts.ts';
import type { WorkerHost } from './worker-host.ts';
import { hostAt, localHosts } from './worker-hosts.ts';

/** Whose workers the pool has: they join and leave as configuration, names and they themselves say. */
export class PoolMembers {
	readonly #options: PoolOptions;
	/** A worker's state is another now. */
	readonly #onChange: () => void;
	readonly #folder = new PrivateFolder();
	/** Ends the watch over names. */
	readonly #life = new AbortController();

	readonly #announced: AnnouncedWorkers | null;

	constructor(options: PoolOptions, onChange: () => void) {
		this.#options = options;
		this.#onChange = onChange;
		const { announced = null, log } = options;
		if (announced === null) {
			this.#announced = null;
			return;
		}
		const { expiryMs, token, tls } = announced;
		const engine = { kind: 'retort' as const };
		this.#announced = new AnnouncedWorkers({
			expiryMs,
			log,
			join: (served, url) => {
				const remote: RemoteOptions = { where: { type: 'url', url }, refreshMs: 0, token, tls, engine };
				this.#join(served, this.#hostAt(url, served, remote)).start();
			},
		});
	}

	/** The workers that the configuration knows by themselves; launches none. Throws `config_error`. */
	enlist(served: ServedModel, model: PoolModelOptions): void {
		const hosts = localHosts(served.name, model.workers, this.#hostOptions());
		for (const remote of model.remotes ?? [])
			if (remote.where.type === 'url') hosts.push(this.#hostAt(remote.where.url, served, remote));
		for (const host of hosts) this.#join(served, host);
	}

	/** Asks for the workers behind a name again and again, and launches those that it finds. */
	watch(served: ServedModel, remote: RemoteOptions): void {
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
					for (const origin of joined) this.#join(served, this.#hostAt(origin, served, remote)).start();
					for (const origin of left)
						served.members.find((member) => member.id === origin && !member.isRetiring)?.retire();
				},
			},
		);
	}

	/** A worker told of itself. Throws `overloaded` when there are too many. */
	announced(served: ServedModel, { url, leaves }: Pick<Announcement, 'url' | 'leaves'>): void {
		if (this.#life.signal.aborted) throw shuttingDown();
		if (leaves) this.#announced?.left(url, 'said goodbye');
		else this.#announced?.heard(served, url);
	}

	/** Nobody joins any more. */
	close(): void {
		this.#announced?.close();
		this.#life.abort();
	}

	/** To be called when all workers are gone. */
	cleanUp(): void {
		this.#folder.remove();
	}

	#join(served: ServedModel, host: WorkerHost): SupervisedWorker {
		const { log, workers, observer = {} } = this.#options;
		const model = served.name;
		const workerId = host.id;
		const member: SupervisedWorker = new SupervisedWorker({
			host,
			loadMs: workers.loadSeconds * 1000,
			stallMs: workers.stallSeconds * 1000,
			drainMs: workers.drainSeconds * 1000,
			canSpare: (one) => served.members.some((other) => other !== one && other.worker !== null),
			// A model on demand that nobody asks for stays away; beside a worker that lives the others come back.
			isWanted: () =>
				!served.isOnDemand || served.isBusy || served.members.some((other) => isAlive(other.lifecycle.phase)),
			log,
			vet: (info) => {
				const beside = served.members.find((other) => other !== member && other.lifecycle.phase === 'ready');
				return beside?.lifecycle.info ? vetWorker(info, beside.lifecycle.info) : null;
			},
			onChange: () => {
				served.dispatch();
				this.#onChange();
			},
			onReady: (loadMs) => observer.workerReady?.({ model, workerId, loadMs }),
			onRefused: (reason) => observer.workerRefused?.({ model, workerId, reason }),
			onDeath: (reason) => observer.workerDied?.({ model, workerId, reason }),
		});
		served.members.push(member);
		return member;
	}

	#hostAt(url: string, served: ServedModel, remote: RemoteOptions): WorkerHost {
		return hostAt(url, served.name, remote, this.#hostOptions());
	}

	#hostOptions() {
		const { spawn, workers, log, stateFolder = null } = this.#options;
		return { spawn, workers, log, stateFolder, folder: () => this.#folder.path() };
	}
}
