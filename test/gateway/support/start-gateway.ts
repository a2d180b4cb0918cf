import { createHash } from 'node:crypto';
import { Writable } from 'node:stream';
import type { FastifyInstance } from 'fastify';
import OpenAI from 'openai';
import { pino } from 'pino';
import { onTestFinished } from 'vitest';
import type { z } from 'zod';
import { configSchema } from '../../../src/config/schema.ts';
import { internalError } from '../../../src/errors.ts';
import { buildApp } from '../../../src/gateway/app.ts';
import { createMetrics } from '../../../src/gateway/metrics.ts';
import { SharedState } from '../../../src/gateway/shared/shared-state.ts';
import type { PoolOptions } from '../../../src/pool/pool-options.ts';
import { WorkerPool } from '../../../src/pool/worker-pool.ts';
import {
	type FakeScript,
	type FakeWorker,
	type FakeWorkerOptions,
	startFakeWorker,
} from '../../support/fake-worker.ts';
import { remoteAt } from '../../support/pool.ts';
import { until } from '../../support/until.ts';
import { R1_INFO, thinkThenSay } from './scripts.ts';

export const KEY = 'sk-test-0123456789';
export const OTHER_KEY = 'sk-other-0123456789';
export const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');

export type Gateway = {
	app: FastifyInstance;
	pool: WorkerPool;
	worker: FakeWorker;
	/** Everything that was logged, as the lines that went out. */
	shared: SharedState | null;
	logged(): string;
	/** Listens on loopback and gives the base URL, without /v1. */
	listen(): Promise<string>;
	client(options?: { apiKey?: string; maxRetries?: number }): Promise<OpenAI>;
};

/** A gateway over a real pool over a scripted worker; torn down with the test. */
export async function startGateway(
	options: {
		config?: z.input<typeof configSchema>;
		script?: FakeScript;
		slots?: number;
		/** Of the pool, beside or in place of the one model `fake`. */
		pool?: Partial<Pick<PoolOptions, 'models' | 'routes' | 'fallbacks'>>;
		worker?: Pick<FakeWorkerOptions, 'info' | 'intercept'>;
	} = {},
): Promise<Gateway> {
	const config = configSchema.parse(options.config ?? {});
	const { script = thinkThenSay('Add them.', 'It is 42.'), slots = 4 } = options;
	const worker = await startFakeWorker({
		...options.worker,
		script,
		info: { ...R1_INFO, slots, ...options.worker?.info },
	});
	let logged = '';
	const sink = new Writable({
		write(chunk, _encoding, done) {
			logged += String(chunk);
			done();
		},
	});
	const log = pino({ level: 'debug' }, sink);
	const metrics = createMetrics();
	const pool = new WorkerPool({
		...options.pool,
		models: {
			fake: { aliases: ['user/repo:Q4_K_M'], workers: 0, remotes: [remoteAt(worker.endpoint)] },
			...options.pool?.models,
		},
		spawn: () => {
			throw new Error('no local workers here');
		},
		queue: config.queue,
		workers: config.workers,
		log,
		observer: metrics.poolObserver,
	});
	const { url } = config.redis;
	const shared = url === null ? null : new SharedState({ redis: config.redis, url, log });
	const app = buildApp({ config, pool, log, version: '0.0.0', metrics, shared });
	pool.start();
	onTestFinished(async () => {
		app.server.closeAllConnections();
		await Promise.all([app.close(), pool.destroy(internalError('test over'))]);
		await shared?.close();
		await worker.close();
	});
	await until(() => pool.models().every((model) => model.state !== 'loading'));
	const gateway: Gateway = {
		app,
		pool,
		worker,
		shared,
		logged: () => logged,
		listen: () => app.listen({ host: '127.0.0.1', port: 0 }),
		async client({ apiKey = KEY, maxRetries = 0 } = {}) {
			const baseURL = `${app.server.listening ? urlOf(app) : await gateway.listen()}/v1`;
			return new OpenAI({ apiKey, baseURL, maxRetries });
		},
	};
	return gateway;
}

export const CHAT = { model: 'fake', messages: [{ role: 'user' as const, content: 'What is 17+25?' }] };

export const TWO_KEYS: z.input<typeof configSchema> = {
	keys: [
		{ id: 'one', sha256: sha256(KEY) },
		{ id: 'two', sha256: sha256(OTHER_KEY) },
	],
};

export const bearer = (key: string) => ({ authorization: `Bearer ${key}` });

/** Waits for what only shows when asked for, a turn of the loop at a time. */
function urlOf(app: FastifyInstance): string {
	const [address] = app.addresses();
	return typeof address === 'object' ? `http://127.0.0.1:${address.port}` : '';
}
