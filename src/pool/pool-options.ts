import type { ModelConfig } from '../config/model-schema.ts';
import type { Config } from '../config/schema.ts';
import type { EmbedRequest, GenerateRequest, PrefixCacheCounts, WorkerInfo } from '../protocol/worker-api.ts';
import type { SpawnCommand } from './child-process.ts';
import type { ClientTls } from './endpoint.ts';
import type { PoolLog } from './pool-log.ts';
import type { PoolObserver } from './pool-observer.ts';
import type { RemoteOptions } from './remote-options.ts';
import type { Resolver } from './resolve-hosts.ts';
import type { SupervisorPhase } from './supervisor-state.ts';
import type { WorkerPace } from './worker-pace.ts';

export type PoolModelOptions = Pick<ModelConfig, 'aliases' | 'workers'> & {
	/** Workers that run already. */
	remotes?: readonly RemoteOptions[];
	load?: ModelConfig['load'];
	ttlSeconds?: ModelConfig['ttlSeconds'];
	/** Of all its local workers together, for the memory budget. */
	memoryBytes?: number;
};

export type PoolOptions = {
	/** By served name. */
	models: Record<string, PoolModelOptions>;
	/** The command that runs a local worker on this socket; its `env` is all that the worker gets beside paths and devices. */
	spawn: (model: string, socketPath: string) => SpawnCommand;
	routes?: Config['routes'];
	fallbacks?: Config['fallbacks'];
	/** Where local workers live on when this process ends, and are found by the next; absent or null: they end with it. */
	stateFolder?: string | null;
	/** How workers that announce themselves are reached, and how long they stay unheard; null or absent: none may. */
	announced?: { token: string; tls: ClientTls | null; expiryMs: number } | null;
	/** For all local workers; null for no bound. */
	memoryBudgetBytes?: number | null;
	queue: Config['queue'];
	workers: Pick<Config['workers'], 'loadSeconds' | 'stallSeconds' | 'drainSeconds' | 'generationSeconds'>;
	log: PoolLog;
	/** Absent: the system's. */
	resolver?: Resolver;
	observer?: PoolObserver;
};

export type PoolModel = {
	name: string;
	aliases: readonly string[];
	/** Unix seconds. */
	created: number;
	/** resting: loaded when it is asked for. */
	state: 'loading' | 'ready' | 'resting' | 'unavailable';
	/** Of the last load; stays when the workers are gone. */
	info: WorkerInfo | null;
};

export type PoolWorkerStatus = {
	id: string;
	model: string;
	state: SupervisorPhase;
	slots: number;
	busySlots: number;
	restarts: number;
	pid: number | null;
	rssBytes: number;
	/** An operator wants no more work for it. */
	isDrained: boolean;
	/** Launches so far: a restart is over when it has grown and the state is ready. */
	launches: number;
	pace: WorkerPace;
	/** Of what it loaded last. */
	versions: WorkerInfo['versions'] | null;
	/** Why it does not serve, null while it does. */
	trouble: string | null;
	/** Null until the worker has told. */
	prefixCache: PrefixCacheCounts | null;
};
/** What a worker says of itself: `url` is where it listens, `model` a name or alias. */
export type Announcement = { model: string; url: string; leaves: boolean };

/** What an operator may do to one worker. */
export type WorkerVerb = 'drain' | 'undrain' | 'restart';

export type PoolStatus = {
	queueLength: number;
	/** By model. */
	waiting: Record<string, number>;
	workers: PoolWorkerStatus[];
};

/** Where a request stands that waits for a slot: position 1 is next. */
export type QueuePlace = { position: number; expectedWaitMs: number };

export type PoolEmbedOptions = {
	/** Name or alias. */
	model: string;
	requestId: string;
	request: EmbedRequest;
	signal: AbortSignal;
	/** Whose turn it is when requests wait; null is one key of its own. */
	keyId: string | null;
	/** Turns that its key takes in a round of all keys that wait; absent means 1. */
	weight?: number | undefined;
};

export type PoolGenerateOptions = {
	/** Name or alias. */
	model: string;
	request: GenerateRequest;
	signal: AbortSignal;
	/** Whose turn it is when requests wait; null is one key of its own. */
	keyId: string | null;
	/** Turns that the key takes while others take one each; absent means 1. */
	weight?: number | undefined;
	/** Called when the request has to wait. What it gets tells where the request stands, and null once it waits no more. */
	onQueued?: ((place: () => QueuePlace | null) => void) | undefined;
};
