import type { RetortError } from '../errors.ts';
import type { LimitedCaller } from './caller.ts';
import { LruMap } from './lru-map.ts';
import { TokenBucket } from './token-bucket.ts';
import { concurrencyExceeded, reservationOf, tokenHeaders, tokensExceeded } from './token-limits.ts';

/** What a request may cost, before anything has run. */
export type TokenEstimate = {
	promptTokens: number;
	/** The most that it may generate. */
	completionTokens: number;
	/** The client named that number; otherwise it is only what the context leaves, and no reason to refuse. */
	isExplicit: boolean;
};

export type Admission =
	| { headers: Record<string, string>; refusal: RetortError }
	| {
			headers: Record<string, string>;
			refusal: null;
			/** Gives the place back and settles the reservation; calling it again does nothing. */
			end(usedTokens: number): void;
	  };

/** Where requests are held against the limits of their key. */
export type Admitter = {
	admit(caller: LimitedCaller, estimate: TokenEstimate): Admission | Promise<Admission>;
	/** Of one that keeps something up while it runs. */
	close?(): void;
};

/** Addresses remembered at most. Whoever comes from more is not held by a limit of one address anyway. */
const MAX_BUCKETS = 10_000;

/** Concurrent requests and tokens a minute, by key (by address where there is none). One process, one writer. */
export class AdmissionLimits implements Admitter {
	readonly #nowMs: () => number;
	readonly #buckets = new LruMap<TokenBucket>(MAX_BUCKETS);
	readonly #running = new Map<string, number>();

	constructor(nowMs: () => number) {
		this.#nowMs = nowMs;
	}

	admit(caller: LimitedCaller, estimate: TokenEstimate): Admission {
		const { concurrentRequests, tokensPerMinute } = caller.limits;
		const running = this.#running.get(caller.bucket) ?? 0;
		if (concurrentRequests !== null && running >= concurrentRequests)
			return { headers: {}, refusal: concurrencyExceeded(concurrentRequests) };
		const bucket = tokensPerMinute === null ? null : this.#bucketOf(caller.bucket, tokensPerMinute);
		const reserved = bucket === null ? 0 : reservationOf(estimate, bucket.perMinute);
		if (bucket !== null && !bucket.take(reserved, this.#nowMs())) {
			const level = bucket.at(this.#nowMs());
			return { headers: tokenHeaders(level), refusal: tokensExceeded(level, reserved) };
		}
		this.#running.set(caller.bucket, running + 1);
		let isOver = false;
		return {
			headers: bucket === null ? {} : tokenHeaders(bucket.at(this.#nowMs())),
			refusal: null,
			end: (usedTokens) => {
				if (isOver) return;
				isOver = true;
				const left = (this.#running.get(caller.bucket) ?? 1) - 1;
				if (left === 0) this.#running.delete(caller.bucket);
				else this.#running.set(caller.bucket, left);
				bucket?.give(reserved - usedTokens, this.#nowMs());
			},
		};
	}

	/** A limit that has changed begins anew. */
	#bucketOf(name: string, perMinute: number): TokenBucket {
		const known = this.#buckets.get(name);
		if (known?.perMinute === perMinute) return known;
		const bucket = new TokenBucket(perMinute, this.#nowMs());
		this.#buckets.set(name, bucket);
		return bucket;
	}
}
