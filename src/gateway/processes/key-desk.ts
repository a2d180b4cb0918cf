import type { Peer } from '../../pool/lending/peer.ts';
import { admitAskSchema, countAskSchema, revocationSchema, settlementSchema } from '../../protocol/key-state-api.ts';
import { toWireError } from '../../protocol/wire-error.ts';
import type { KeyState } from '../key-state.ts';

/** What is counted, and which keys are revoked, for all gateway processes together. */
export type KeyDeskState = KeyState & { revokedKeys: Set<string> };

/** Answers one gateway process, beside the others. */
export class KeyDesk {
	readonly #peer: Peer;
	readonly #state: KeyDeskState;
	/** Admitted and not settled. */
	readonly #open = new Map<number, (usedTokens: number) => void>();

	/** `onRevoked` is called when this gateway has revoked or restored a key, to `tell` all of them. */
	constructor(state: KeyDeskState, peer: Peer, onRevoked: () => void) {
		this.#peer = peer;
		this.#state = state;
		const { limits, counter, revokedKeys } = state;
		peer.onCall('admit', async (value) => {
			const { admissionId, estimate, ...caller } = admitAskSchema.parse(value);
			const admission = await limits.admit(caller, estimate);
			const { headers, refusal } = admission;
			if (admission.refusal === null) this.#open.set(admissionId, admission.end);
			return { headers, refusal: refusal === null ? null : toWireError(refusal) };
		});
		peer.onNote('settle', (value) => {
			const { admissionId, usedTokens } = settlementSchema.parse(value);
			this.#settle(admissionId, usedTokens);
		});
		peer.onCall('count', (value) => {
			const { bucket, windowMs } = countAskSchema.parse(value);
			return counter.count(bucket, windowMs);
		});
		peer.onCall('revoke', (value) => {
			const { keyId, isRevoked } = revocationSchema.parse(value);
			if (isRevoked) revokedKeys.add(keyId);
			else revokedKeys.delete(keyId);
			onRevoked();
		});
		peer.onNote('subscribe-keys', () => this.tell());
	}

	/** Which keys count no more. */
	tell(): void {
		this.#peer.note('revoked', [...this.#state.revokedKeys]);
	}

	/** The gateway is gone, and with it what its requests would have used. */
	close(): void {
		for (const admissionId of [...this.#open.keys()]) this.#settle(admissionId, 0);
	}

	#settle(admissionId: number, usedTokens: number): void {
		const end = this.#open.get(admissionId);
		this.#open.delete(admissionId);
		end?.(usedTokens);
	}
}
