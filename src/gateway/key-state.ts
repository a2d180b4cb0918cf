import type { Config } from '../config/schema.ts';
import { AdmissionLimits, type Admitter } from './admission.ts';
import { localRequestCounter, type RequestCounter } from './request-counter.ts';
import { RevokedKeys } from './revoked-keys.ts';
import { SharedAdmission } from './shared/shared-admission.ts';
import { sharedRequestCounter } from './shared/shared-request-counter.ts';
import type { SharedState } from './shared/shared-state.ts';

export type KeyState = {
	limits: Admitter;
	counter: RequestCounter;
	revoked: Pick<RevokedKeys, 'has' | 'revoke' | 'restore'>;
};

/** What keys have used and may use: of this process, or of all gateways that share a Redis. */
export function keyState(config: Config, shared: SharedState | null): KeyState {
	const revoked = new RevokedKeys(shared);
	if (shared === null)
		return { limits: new AdmissionLimits(() => performance.now()), counter: localRequestCounter(), revoked };
	const limits = new SharedAdmission(shared, config.redis.leaseSeconds);
	return { limits, counter: sharedRequestCounter(shared), revoked };
}
