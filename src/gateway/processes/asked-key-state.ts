import type { Peer } from '../../pool/lending/peer.ts';
import {
	admitAnswerSchema,
	countAnswerSchema,
	revocationAnswerSchema,
	revokedKeysSchema,
} from '../../protocol/key-state-api.ts';
import { fromWireError } from '../../protocol/wire-error.ts';
import type { KeyState } from '../key-state.ts';

/** Limits and revoked keys of all gateway processes together, which another process holds. */
export function askedKeyState(peer: Peer): KeyState {
	let nextId = 0;
	let revokedKeys = new Set<string>();
	peer.onNote('revoked', (value) => {
		revokedKeys = new Set(revokedKeysSchema.parse(value));
	});
	peer.note('subscribe-keys', null);
	const revoke = async (keyId: string, isRevoked: boolean) => {
		await peer.call('revoke', { keyId, isRevoked }, revocationAnswerSchema);
		return false; // other hosts hear of it only through Redis
	};
	return {
		limits: {
			async admit({ bucket, limits }, estimate) {
				// A caller without any costs no question.
				if (limits.concurrentRequests === null && limits.tokensPerMinute === null)
					return { headers: {}, refusal: null, end: () => {} };
				nextId += 1;
				const admissionId = nextId;
				const ask = { admissionId, bucket, limits, estimate };
				const { headers, refusal } = await peer.call('admit', ask, admitAnswerSchema);
				if (refusal !== null) return { headers, refusal: fromWireError(refusal) };
				return { headers, refusal: null, end: (usedTokens) => peer.note('settle', { admissionId, usedTokens }) };
			},
		},
		counter: { count: (bucket, windowMs) => peer.call('count', { bucket, windowMs }, countAnswerSchema) },
		revoked: {
			has: (keyId) => revokedKeys.has(keyId),
			revoke: (keyId) => revoke(keyId, true),
			restore: (keyId) => revoke(keyId, false),
		},
	};
}
