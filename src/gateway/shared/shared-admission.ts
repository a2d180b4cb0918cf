import { randomUUID } from 'node:crypto';
import { type Admission, AdmissionLimits, type Admitter, type TokenEstimate } from '../admission.ts';
import type { LimitedCaller } from '../caller.ts';
import { concurrencyExceeded, reservationOf, tokenHeaders, tokensExceeded } from '../token-limits.ts';
import { ADMIT, RENEW, SETTLE } from './scripts.ts';
import type { SharedState } from './shared-state.ts';

/**
 * Concurrent requests and tokens a minute over all gateways. A running request holds a lease, which is renewed while it
 * runs and expires by itself when its gateway dies. While Redis does not answer, each gateway holds its own share.
 */
export class SharedAdmission implements Admitter {
	readonly #shared: SharedState;
	readonly #local = new AdmissionLimits(() => performance.now());
	readonly #leaseMs: number;
	/** Leases that run here, by bucket. */
	readonly #leases = new Map<string, Set<string>>();
	readonly #renewal: NodeJS.Timeout;

	constructor(shared: SharedState, leaseSeconds: number) {
		this.#shared = shared;
		this.#leaseMs = leaseSeconds * 1000;
		this.#renewal = setInterval(() => this.#renew(), this.#leaseMs / 3).unref();
	}

	close(): void {
		clearInterval(this.#renewal);
	}

	async admit(caller: LimitedCaller, estimate: TokenEstimate): Promise<Admission> {
		const { concurrentRequests, tokensPerMinute } = caller.limits;
		if (concurrentRequests === null && tokensPerMinute === null) return this.#local.admit(caller, estimate);
		const reserved = tokensPerMinute === null ? 0 : reservationOf(estimate, tokensPerMinute);
		const lease = randomUUID();
		const settle = (giveBack: number) => this.#settle(caller.bucket, lease, tokensPerMinute ?? -1, giveBack);
		const answer = await this.#shared.ask(
			(redis) =>
				redis.eval(
					ADMIT,
					2,
					`running:${caller.bucket}`,
					`tokens:${caller.bucket}`,
					lease,
					concurrentRequests ?? -1,
					this.#leaseMs,
					tokensPerMinute ?? -1,
					reserved,
				),
			// Admitted there after all, while it was admitted or refused here.
			(value) => {
				if (verdictOf(value).verdict === 'admitted') settle(reserved);
			},
		);
		if (answer === null) return this.#admitHere(caller, estimate);
		const { verdict, level } = verdictOf(answer.value);
		const bucket = tokensPerMinute === null ? null : { perMinute: tokensPerMinute, level };
		const headers = bucket === null ? {} : tokenHeaders(bucket);
		if (verdict === 'requests') return { headers: {}, refusal: concurrencyExceeded(concurrentRequests ?? 0) };
		if (verdict === 'tokens' && bucket !== null) return { headers, refusal: tokensExceeded(bucket, reserved) };
		this.#leasesOf(caller.bucket).add(lease);
		let isOver = false;
		return {
			headers,
			refusal: null,
			end: (usedTokens) => {
				if (isOver) return;
				isOver = true;
				this.#forget(caller.bucket, lease);
				settle(reserved - usedTokens);
			},
		};
	}

	/** This gateway's share, of which what it has leases for is used: a Redis that comes and goes opens no second allowance. */
	#admitHere(caller: LimitedCaller, estimate: TokenEstimate): Admission {
		const own = shareOf(caller, this.#shared.gateways);
		const { concurrentRequests } = own.limits;
		if (concurrentRequests === null) return this.#local.admit(own, estimate);
		const left = concurrentRequests - (this.#leases.get(caller.bucket)?.size ?? 0);
		if (left <= 0) return { headers: {}, refusal: concurrencyExceeded(concurrentRequests) };
		return this.#local.admit({ ...own, limits: { ...own.limits, concurrentRequests: left } }, estimate);
	}

	/** Nobody waits for it. What is lost expires (the lease) or stays taken for this minute (the tokens). */
	#settle(bucket: string, lease: string, perMinute: number, giveBack: number): void {
		void this.#shared.ask((redis) =>
			redis.eval(SETTLE, 2, `running:${bucket}`, `tokens:${bucket}`, lease, perMinute, giveBack),
		);
	}

	#renew(): void {
		for (const [bucket, leases] of this.#leases)
			void this.#shared.ask((redis) => redis.eval(RENEW, 1, `running:${bucket}`, this.#leaseMs, ...leases));
	}

	#leasesOf(bucket: string): Set<string> {
		const leases = this.#leases.get(bucket) ?? new Set();
		this.#leases.set(bucket, leases);
		return leases;
	}

	#forget(bucket: string, lease: string): void {
		const leases = this.#leases.get(bucket);
		leases?.delete(lease);
		if (leases?.size === 0) this.#leases.delete(bucket);
	}
}

function verdictOf(value: unknown): { verdict: string; level: number } {
	const [verdict, level] = Array.isArray(value) ? value : [];
	return { verdict: String(verdict), level: Number(level) };
}

/** What one of so many gateways may let in by itself. */
function shareOf(caller: LimitedCaller, gateways: number): LimitedCaller {
	const share = (limit: number | null) => (limit === null ? null : Math.max(1, Math.floor(limit / gateways)));
	const { concurrentRequests, tokensPerMinute } = caller.limits;
	return {
		...caller,
		limits: {
			...caller.limits,
			concurrentRequests: share(concurrentRequests),
			tokensPerMinute: share(tokensPerMinute),
		},
	};
}
