import { localRequestCounter, type RequestCounter } from '../request-counter.ts';
import { COUNT_REQUEST } from './scripts.ts';
import type { SharedState } from './shared-state.ts';

/**
 * Over all gateways. While Redis does not answer, a request here counts as many times as there are gateways. What passed
 * here before counts here too, so that a Redis which comes and goes opens no second allowance.
 */
export function sharedRequestCounter(shared: SharedState): RequestCounter {
	const local = localRequestCounter();
	return {
		async count(bucket, windowMs) {
			const here = await local.count(bucket, windowMs);
			const answer = await shared.ask((redis) => redis.eval(COUNT_REQUEST, 1, `requests:${bucket}`, windowMs));
			if (answer !== null && Array.isArray(answer.value)) {
				const [current, ttlMs] = answer.value;
				return { current: Number(current), ttlMs: Number(ttlMs) };
			}
			return { current: here.current * shared.gateways, ttlMs: here.ttlMs };
		},
	};
}
