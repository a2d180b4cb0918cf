import { describe, expect, it } from 'vitest';
import { AdmissionLimits } from '../../../src/gateway/admission.ts';
import { askedKeyState } from '../../../src/gateway/processes/asked-key-state.ts';
import { KeyDesk, type KeyDeskState } from '../../../src/gateway/processes/key-desk.ts';
import { localRequestCounter } from '../../../src/gateway/request-counter.ts';
import { RevokedKeys } from '../../../src/gateway/revoked-keys.ts';
import { peerPair } from '../../support/peers.ts';

/** So many gateway processes whose limits are counted in one place. */
function setUp(count = 2) {
	const state: KeyDeskState = {
		limits: new AdmissionLimits(() => 0),
		counter: localRequestCounter(),
		revoked: new RevokedKeys(null),
		revokedKeys: new Set(),
	};
	const desks: KeyDesk[] = [];
	const tellAll = () => {
		for (const desk of desks) desk.tell();
	};
	return Array.from({ length: count }, () => {
		const { left, right } = peerPair();
		const desk = new KeyDesk(state, left, tellAll);
		desks.push(desk);
		return { desk, ...askedKeyState(right) };
	});
}

const caller = (limits: { concurrentRequests?: number; tokensPerMinute?: number }) => ({
	bucket: 'key:one',
	limits: { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null, ...limits },
});
const small = { promptTokens: 40, completionTokens: 60, isExplicit: true };

describe('limits of several gateway processes', () => {
	it('500 at once through two gateways at a limit of 100: exactly 100', async () => {
		const gateways = setUp();
		const who = caller({ concurrentRequests: 100 });
		const asked = Array.from({ length: 500 }, (_, index) => gateways[index % 2]?.limits.admit(who, small));
		const admissions = await Promise.all(asked);
		expect(admissions.filter((admission) => admission?.refusal === null)).toHaveLength(100);
		const [refused] = admissions.filter((admission) => admission?.refusal !== null);
		expect(refused?.refusal).toMatchObject({ name: 'RetortError', status: 429, code: 'rate_limit_exceeded' });
	});

	it('tokens a minute are one bucket, settled by what was used', async () => {
		const [one, two] = setUp();
		const who = caller({ tokensPerMinute: 150 });
		const first = await one?.limits.admit(who, small);
		expect(first?.headers['x-ratelimit-remaining-tokens']).toBe('50');
		const second = await two?.limits.admit(who, small);
		expect(second?.refusal).toMatchObject({ status: 429, type: 'tokens' });
		expect(second?.headers['x-ratelimit-remaining-tokens']).toBe('50');
		if (first?.refusal === null) first.end(10);
		await new Promise(setImmediate);
		expect((await two?.limits.admit(who, small))?.headers['x-ratelimit-remaining-tokens']).toBe('40');
	});

	it('what a dead gateway had admitted is free again', async () => {
		const [one, two] = setUp();
		const who = caller({ concurrentRequests: 1 });
		await one?.limits.admit(who, small);
		expect((await two?.limits.admit(who, small))?.refusal).not.toBeNull();
		one?.desk.close();
		expect((await two?.limits.admit(who, small))?.refusal).toBeNull();
	});

	it('a caller without limits is not asked about', async () => {
		const { limits } = askedKeyState(peerPair().right); // nobody answers there
		expect((await limits.admit(caller({}), small)).refusal).toBeNull();
	});

	it('requests in a window are counted together', async () => {
		const [one, two] = setUp();
		expect((await one?.counter.count('key:one', 60_000))?.current).toBe(1);
		expect((await two?.counter.count('key:one', 60_000))?.current).toBe(2);
		expect((await two?.counter.count('key:two', 60_000))?.current).toBe(1);
	});

	it('a key that is revoked at one is revoked at all', async () => {
		const [one, two] = setUp();
		expect(await one?.revoked.revoke('lost')).toBe(false);
		await new Promise(setImmediate);
		expect([one?.revoked.has('lost'), two?.revoked.has('lost')]).toEqual([true, true]);
		await two?.revoked.restore('lost');
		await new Promise(setImmediate);
		expect([one?.revoked.has('lost'), two?.revoked.has('lost')]).toEqual([false, false]);
	});
});
