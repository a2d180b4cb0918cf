import cluster from 'node:cluster';
import { z } from 'zod';
import { configSchema } from '../config/schema.ts';
import { configError, RetortError } from '../errors.ts';
import type { EndReasoning } from '../gateway/end-reasoning.ts';
import { keyState } from '../gateway/key-state.ts';
import { createMetrics } from '../gateway/metrics.ts';
import { askedKeyState } from '../gateway/processes/asked-key-state.ts';
import { BorrowedPool } from '../pool/lending/borrowed-pool.ts';
import { Peer } from '../pool/lending/peer.ts';
import {
	type EndReasoningAsk,
	endReasoningAnswerSchema,
	endReasoningAskSchema,
} from '../protocol/end-reasoning-api.ts';
import { createLog } from './create-log.ts';
import { openGateway } from './open-gateway.ts';
import { openShared } from './open-shared.ts';
import { readWorkerToken } from './read-remotes.ts';

const startSchema = z.object({ config: configSchema, version: z.string() });

/**
 * `retort gateway`, which `retort --gateways N` starts N times: HTTP and everything that is text, on workers that belong
 * to the parent. Drains when the parent says so, or at a SIGTERM of its own; ends at once with its parent.
 */
export async function runGatewayProcess(): Promise<number> {
	if (process.send === undefined) throw configError('`retort gateway` is started by `retort --gateways N` alone');
	const peer = new Peer((message) => process.send?.(message, undefined, undefined, () => {})); // a parent that has gone is a disconnect
	process.on('message', (message) => peer.receive(message));
	const orphaned = new Promise<'orphaned'>((resolve) => process.once('disconnect', () => resolve('orphaned')));
	const drained = new Promise<'drain'>((resolve) => {
		peer.onNote('drain', () => resolve('drain'));
		process.once('SIGTERM', () => resolve('drain'));
	});
	// A Ctrl-C reaches every process of the terminal: what it means is for the parent to say.
	for (const name of ['SIGINT', 'SIGHUP'] as const) process.on(name, () => {});

	const { config, version } = await peer.call('start', null, startSchema);
	const log = createLog(config.logging, process.stderr).child({ gateway: cluster.worker?.id });
	const metrics = createMetrics();
	peer.onCall('own-metrics', () => metrics.registry.getMetricsAsJSON());
	const patienceMs = config.queue.deadlineSeconds * 1000;
	const generationMs = config.workers.generationSeconds * 1000;
	const { routes, fallbacks } = config;
	const pool = new BorrowedPool(peer, {
		patienceMs,
		generationMs,
		routes,
		fallbacks,
		log,
		observer: metrics.poolObserver,
	});
	// With Redis each process is a gateway like those of other hosts.
	const shared = await openShared(config, log);
	const asked = {
		keyState: shared === null ? askedKeyState(peer) : keyState(config, shared),
		renderMetrics: () => peer.call('metrics', null, z.string()),
		endReasoning: (wanted: EndReasoningAsk) => peer.call('end-reasoning', wanted, endReasoningAnswerSchema),
		answer(endReasoning: EndReasoning) {
			peer.onCall('own-end-reasoning', (value) => endReasoning(endReasoningAskSchema.parse(value)));
		},
	};
	try {
		const workerToken = readWorkerToken(config);
		const front = await openGateway({ config, pool, log, version, metrics, shared, asked, workerToken });
		const why = await Promise.race([drained, orphaned]);
		if (why === 'orphaned') return 1;
		await front.drain(config.server.drainSeconds * 1000);
		await Promise.all([pool.close(), shared?.close()]);
		return 0;
	} catch (error) {
		if (!(error instanceof RetortError)) throw error;
		// The parent tells it, once for all.
		await peer.call('failed', error.message, z.unknown());
		return 2;
	}
}
