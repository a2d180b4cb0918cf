import { fileURLToPath } from 'node:url';
import type { PoolObserver } from '../../src/pool/pool-observer.ts';
import type { PoolOptions, PoolStatus } from '../../src/pool/pool-options.ts';
import type { RemoteOptions } from '../../src/pool/remote-options.ts';
import { WorkerPool } from '../../src/pool/worker-pool.ts';
import type { GenerateRequest, WorkerEvent } from '../../src/protocol/worker-api.ts';
import { generateRequest } from './generate-request.ts';
import { recordingLog } from './recording-log.ts';

const childScript = fileURLToPath(new URL('./fake-worker-process.mjs', import.meta.url));

type Observed = { name: keyof PoolObserver; model: string; workerId?: string; reason?: string; code?: string | null };

/** A pool of fake workers whose happenings can be awaited, so that no test sleeps. */
export type TestPool = {
	pool: WorkerPool;
	log: ReturnType<typeof recordingLog>;
	observed: Observed[];
	/** Settles once `count` such things have happened since the pool was made. */
	happened(name: keyof PoolObserver, count?: number): Promise<void>;
};

/** A retort worker at this address. */
export function remoteAt(url: string, changes: Partial<RemoteOptions> = {}): RemoteOptions {
	return {
		where: { type: 'url', url },
		refreshMs: 10_000,
		token: null,
		tls: null,
		engine: { kind: 'retort' },
		...changes,
	};
}

/** `modes` names what the fake child processes do, one launch after the other; the last one stays. */
export function startPool(
	options: Partial<Omit<PoolOptions, 'models' | 'workers'>> & {
		workers?: Partial<PoolOptions['workers']>;
		endpoints?: string[];
		remotes?: RemoteOptions[];
		children?: number;
		modes?: string[];
		name?: string;
		/** In place of the one that the options before describe. */
		models?: PoolOptions['models'];
	},
): TestPool {
	const {
		endpoints = [],
		remotes = endpoints.map((url) => remoteAt(url)),
		children = 0,
		modes = ['ok'],
		name = 'fake',
		workers,
		models,
		...rest
	} = options;
	const log = recordingLog();
	const observed: Observed[] = [];
	const waiters = new Set<() => void>();
	const observe = (eventName: keyof PoolObserver) => (event: Omit<Observed, 'name'>) => {
		observed.push({ ...event, name: eventName });
		for (const waiter of waiters) waiter();
	};
	let launches = 0;
	const pool = new WorkerPool({
		models: models ?? { [name]: { aliases: ['alias'], workers: children, remotes } },
		spawn: (_model, socketPath) => {
			const mode = modes[Math.min(launches, modes.length - 1)] ?? 'ok';
			launches += 1;
			const args = ['--max-old-space-size=48', childScript, socketPath, mode];
			return { command: process.execPath, args, env: { UV_THREADPOOL_SIZE: '4' } };
		},
		queue: { maxLength: 100, deadlineSeconds: 20 },
		workers: { loadSeconds: 20, stallSeconds: 10, drainSeconds: 20, generationSeconds: 100, ...workers },
		log,
		observer: {
			queueWaited: observe('queueWaited'),
			rejected: observe('rejected'),
			retried: observe('retried'),
			workerReady: observe('workerReady'),
			workerRefused: observe('workerRefused'),
			workerDied: observe('workerDied'),
		},
		...rest,
	});
	pool.start();
	return {
		pool,
		log,
		observed,
		async happened(eventName, count = 1) {
			const isDone = () => observed.filter((event) => event.name === eventName).length >= count;
			if (isDone()) return;
			await new Promise<void>((resolve) => {
				const waiter = () => {
					if (!isDone()) return;
					waiters.delete(waiter);
					resolve();
				};
				waiters.add(waiter);
			});
		},
	};
}

export type Outcome = { events: WorkerEvent[]; error: unknown };

/** Runs one request to its end, whatever that is. */
export async function runOnce(
	pool: WorkerPool,
	request: GenerateRequest | string,
	options: { model?: string; signal?: AbortSignal; keyId?: string | null; onEvent?: (event: WorkerEvent) => void } = {},
): Promise<Outcome> {
	const events: WorkerEvent[] = [];
	try {
		const stream = pool.generate({
			model: options.model ?? 'fake',
			request: typeof request === 'string' ? generateRequest(request) : request,
			signal: options.signal ?? new AbortController().signal,
			keyId: options.keyId ?? null,
		});
		for await (const event of stream) {
			events.push(event);
			options.onEvent?.(event);
		}
		return { events, error: null };
	} catch (error) {
		return { events, error };
	}
}

/** What the client got over all workers, without the notes that another one went on. */
export function asOne({ events, error }: Outcome): Outcome {
	const isNote = (event: WorkerEvent) => event.type === 'generation-start' && event.resumedTokens !== undefined;
	return { events: events.filter((event) => !isNote(event)), error };
}

/** For a fake child process: its prompt says what happens to it. */
export function scripted(
	requestId: string,
	script: {
		tokens?: number;
		holdAt?: number;
		dieAt?: number;
		dieBeforeStart?: boolean;
		hang?: boolean;
		exhaustAt?: number;
	},
): GenerateRequest {
	return generateRequest(requestId, { prompt: [{ text: JSON.stringify(script), special: false }] });
}

/** Whether nothing is leased and nothing waits. */
export function isIdle(status: PoolStatus): boolean {
	return status.queueLength === 0 && status.workers.every((worker) => worker.busySlots === 0);
}
