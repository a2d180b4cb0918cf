import type { GatewayPool } from '../../src/gateway/gateway-pool.ts';
import type { WorkerPool } from '../../src/pool/worker-pool.ts';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';

export type Recording = { atMs: number; event: WorkerEvent }[];

/** A pool that remembers what its workers said, by request: what the gateway then tells clients is held against it. */
export function recordedPool(pool: WorkerPool): { pool: GatewayPool; take(requestId: string): Recording } {
	const recordings = new Map<string, Recording>();
	return {
		pool: {
			models: () => pool.models(),
			findModel: (name) => pool.findModel(name),
			routes: () => pool.routes(),
			candidates: (name, stickyKey) => pool.candidates(name, stickyKey),
			refusalOfAll: (keyId, weight) => pool.refusalOfAll(keyId, weight),
			awaken: (model, signal) => pool.awaken(model, signal),
			embed: (options) => pool.embed(options),
			endPhase: (requestId, phase) => pool.endPhase(requestId, phase),
			status: () => pool.status(),
			announced: (announcement) => pool.announced(announcement),
			operate: (verb, workerId) => pool.operate(verb, workerId),
			tokenize: (model, prompt, signal) => pool.tokenize(model, prompt, signal),
			detokenize: (model, tokens, signal) => pool.detokenize(model, tokens, signal),
			async *generate(options) {
				const recording: Recording = [];
				recordings.set(options.request.requestId, recording);
				for await (const event of pool.generate(options)) {
					recording.push({ atMs: performance.now(), event });
					yield event;
				}
			},
		},
		take(requestId) {
			const recording = recordings.get(requestId) ?? [];
			recordings.delete(requestId);
			return recording;
		},
	};
}
