import type { FastifyInstance } from 'fastify';
import type { GatewayPool } from '../gateway-pool.ts';

/**
 * Turns away what would find a full queue before its body is read: under overload most requests are refusals, and what
 * they cost is taken from those that run. A repeat under an Idempotency-Key may need no slot.
 */
export function addOverload(app: FastifyInstance, pool: Pick<GatewayPool, 'refusalOfAll'>): void {
	app.addHook('onRequest', async (request) => {
		const { caller } = request;
		if (caller === null || request.routeOptions.config.takesSlot !== true) return;
		if (request.headers['idempotency-key'] !== undefined) return;
		const refusal = pool.refusalOfAll(caller.keyId, caller.key?.weight);
		if (refusal !== null) throw refusal;
	});
}
