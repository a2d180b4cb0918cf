import cluster from 'node:cluster';
import { z } from 'zod';
import type { Config } from '../config/schema.ts';
import { configError } from '../errors.ts';
import { keyState } from '../gateway/key-state.ts';
import type { GatewayLog } from '../gateway/log.ts';
import type { GatewayMetrics } from '../gateway/metrics.ts';
import { gatherMetrics, type MetricsValues } from '../gateway/processes/gather-metrics.ts';
import { KeyDesk, type KeyDeskState } from '../gateway/processes/key-desk.ts';
import { Lender } from '../pool/lending/lender.ts';
import { Peer } from '../pool/lending/peer.ts';
import type { WorkerPool } from '../pool/worker-pool.ts';
import { endReasoningAnswerSchema } from '../protocol/end-reasoning-api.ts';
import type { Front } from './front.ts';
import { urlOf } from './listen.ts';
import { mainPath } from './package-root.ts';

/** One that ends sooner than this is not replaced at once: it would end again. */
const YOUNG_MS = 5000;
const PAUSE_MS = 1000;
/** Beyond the grace, for goodbyes. */
const LAST_WORDS_MS = 5000;

type Gateway = { peer: Peer; lender: Lender; desk: KeyDesk; isUp: boolean; kill(): void; exited: Promise<void> };

/**
 * Several gateway processes behind one port. This process owns the pool and what is counted for all; it sees no request
 * and no token. One that ends is replaced. Settles once the first listens; throws `config_error` where none can.
 */
export async function openGateways(options: {
	config: Config;
	pool: WorkerPool;
	metrics: GatewayMetrics;
	log: GatewayLog;
	version: string;
}): Promise<Front> {
	const { config, pool, metrics, log, version } = options;
	const gateways = new Set<Gateway>();
	const keys: KeyDeskState = { ...keyState(config, null), revokedKeys: new Set() };
	metrics.watchPool(() => pool.status(), config.metrics);
	cluster.setupPrimary({ exec: mainPath, args: ['gateway'] });
	let isEnding = false;
	let begun: (port: number) => void = () => {};
	let failed: (error: Error) => void = () => {};
	const listening = new Promise<number>((resolve, reject) => {
		begun = resolve;
		failed = reject;
	});

	/** One that still starts would be waited for. */
	const listeners = () => [...gateways].filter(({ isUp }) => isUp);

	const renderMetrics = async () => {
		const theirs = listeners().map(({ peer }) => peer.call('own-metrics', null, z.custom<MetricsValues>()));
		const told = (await Promise.allSettled(theirs)).flatMap((one) => (one.status === 'fulfilled' ? [one.value] : []));
		return gatherMetrics([await metrics.registry.getMetricsAsJSON(), ...told]);
	};

	const start = () => {
		const startedMs = performance.now();
		const child = cluster.fork();
		const peer = new Peer((message) => {
			if (child.isConnected()) child.send(message, undefined, () => {}); // one that has gone is an exit
		});
		child.on('message', (message) => peer.receive(message));
		child.once('listening', ({ port }) => {
			gateway.isUp = true;
			begun(port);
		});
		peer.onCall('start', () => ({ config, version }));
		peer.onCall('metrics', renderMetrics);
		peer.onCall('end-reasoning', async (wanted) => {
			const others = listeners().filter((other) => other.peer !== peer);
			const asked = others.map((other) => other.peer.call('own-end-reasoning', wanted, endReasoningAnswerSchema));
			const told = await Promise.allSettled(asked);
			return told.flatMap((one) => (one.status === 'fulfilled' ? (one.value ?? []) : [])).at(0) ?? null;
		});
		peer.onCall('failed', (message) => failed(configError(z.string().parse(message))));
		const lender = new Lender(pool, peer);
		const desk = new KeyDesk(keys, peer, () => {
			for (const one of gateways) one.desk.tell();
		});
		const exited = new Promise<void>((resolve) => {
			child.once('exit', (code, signal) => {
				gateways.delete(gateway);
				peer.close();
				lender.close();
				desk.close();
				resolve();
				if (isEnding) return;
				log.warn({ gateway: child.id, code, signal }, 'gateway ended: starting another');
				setTimeout(() => !isEnding && start(), performance.now() - startedMs < YOUNG_MS ? PAUSE_MS : 0);
			});
		});
		const gateway: Gateway = { peer, lender, desk, isUp: false, kill: () => child.process.kill('SIGKILL'), exited };
		gateways.add(gateway);
		log.info({ gateway: child.id, pid: child.process.pid }, 'gateway started');
	};

	const end = async (graceMs: number) => {
		isEnding = true;
		const all = [...gateways];
		// One that still starts serves nobody, and may not hear yet.
		for (const { isUp, peer, kill } of all) isUp ? peer.note('drain', null) : kill();
		const timer = setTimeout(() => {
			for (const { kill } of all) kill();
		}, graceMs + LAST_WORDS_MS);
		await Promise.all(all.map(({ exited }) => exited));
		clearTimeout(timer);
	};

	const close = async () => {
		isEnding = true;
		for (const { kill } of gateways) kill();
		await Promise.all([...gateways].map(({ exited }) => exited));
	};

	for (let count = 0; count < config.server.gateways; count += 1) start();
	try {
		return {
			url: urlOf(config.server.host, await listening),
			drain: end,
			close,
			tell: () => {
				for (const { lender } of gateways) lender.tell();
			},
		};
	} catch (error) {
		await close();
		throw error;
	}
}
