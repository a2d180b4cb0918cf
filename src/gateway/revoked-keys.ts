import type { SharedState } from './shared/shared-state.ts';

/** Keys that are in the configuration and count no more. What runs with one runs on. */
export class RevokedKeys {
	readonly #shared: SharedState | null;
	/** Those that Redis has not heard of. What it has heard of any gateway may take back. */
	readonly #here = new Set<string>();

	constructor(shared: SharedState | null) {
		this.#shared = shared;
	}

	has(keyId: string): boolean {
		return this.#here.has(keyId) || this.#shared?.revoked.has(keyId) === true;
	}

	/** True when the other gateways will hear of it, which takes them two seconds. */
	async revoke(keyId: string): Promise<boolean> {
		this.#here.add(keyId);
		const isTold = await this.#tell((shared) => shared.ask((redis) => redis.sadd('revoked', keyId)));
		if (this.#shared?.revoked.has(keyId) === true) this.#here.delete(keyId);
		return isTold;
	}

	async restore(keyId: string): Promise<boolean> {
		this.#here.delete(keyId);
		return this.#tell((shared) => shared.ask((redis) => redis.srem('revoked', keyId)));
	}

	async #tell(act: (shared: SharedState) => Promise<unknown>): Promise<boolean> {
		if (this.#shared === null) return false;
		const isTold = (await act(this.#shared)) !== null;
		if (isTold) await this.#shared.beat();
		return isTold;
	}
}
