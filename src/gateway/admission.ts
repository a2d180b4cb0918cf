import type { RetortError } from '../errors.ts';
import type { Caller } from './caller.ts';
import { rateLimited } from './errors.ts';
import { goDuration } from './go-duration.ts';
import { LruMap } from './lru-map.ts';
import { TokenBucket } from './token-bucket.ts';

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

/** Addresses remembered at most. Whoever comes from more is not held by a limit of one address anyway. */
const MAX_BUCKETS = 10_000;

/** Concurrent requests and tokens a minute, by key (by address where there is none). One process, one writer. */
export class AdmissionLimits {
	readonly #nowMs: () => number;
	readonly #buckets = new LruMap<TokenBucket>(MAX_BUCKETS);
	readonly #running = new Map<string, number>();

	constructor(nowMs: () => number) {
		this.#nowMs = nowMs;
	}

	admit(caller: Caller, estimate: TokenEstimate): Admission {
		const { concurrentRequests, tokensPerMinute } = caller.limits;
		const running = this.#running.get(caller.bucket) ?? 0;
		if (concurrentRequests !== null && running >= concurrentRequests) {
			const message = `Rate limit reached: ${concurrentRequests} concurrent requests. Try again when one has ended.`;
			return { headers: {}, refusal: rateLimited('requests', message, { waitMs: 1000 }) };
		}
		const bucket = tokensPerMinute === null ? null : this.#bucketOf(caller.bucket, tokensPerMinute);
		const reserved = bucket === null ? 0 : reservationOf(estimate, bucket.perMinute);
		if (bucket !== null && !bucket.take(reserved, this.#nowMs())) {
			return { headers: this.#headersOf(bucket), refusal: this.#refusalOf(bucket, reserved) };
		}
		this.#running.set(caller.bucket, running + 1);
		let isOver = false;
		return {
			headers: bucket === null ? {} : this.#headersOf(bucket),
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

	#bucketOf(name: string, perMinute: number): TokenBucket {
		const known = this.#buckets.get(name);
		if (known !== undefined) return known;
		const bucket = new TokenBucket(perMinute, this.#nowMs());
		this.#buckets.set(name, bucket);
		return bucket;
	}

	#headersOf(bucket: TokenBucket): Record<string, string> {
		const now = this.#nowMs();
		return {
			'x-ratelimit-limit-tokens': String(bucket.perMinute),
			'x-ratelimit-remaining-tokens': String(bucket.remaining(now)),
			'x-ratelimit-reset-tokens': goDuration(bucket.msUntil(bucket.perMinute, now)),
		};
	}

	#refusalOf(bucket: TokenBucket, reserved: number): RetortError {
		const now = this.#nowMs();
		const canEverFit = reserved <= bucket.perMinute;
		const waitMs = bucket.msUntil(reserved, now);
		const advice = canEverFit ? `Please try again in ${goDuration(waitMs)}.` : 'Send less, or a smaller max_tokens.';
		return rateLimited(
			'tokens',
			`Rate limit reached on tokens per minute: Limit ${bucket.perMinute}, Available ${bucket.remaining(now)}, Requested ${reserved}. ${advice}`,
			{ waitMs, canEverFit },
		);
	}
}

/** A silent max_tokens reserves no more than the whole limit: what it takes beyond becomes debt when it is settled. */
function reservationOf(estimate: TokenEstimate, perMinute: number): number {
	const total = estimate.promptTokens + estimate.completionTokens;
	return estimate.isExplicit ? total : Math.max(estimate.promptTokens, Math.min(total, perMinute));
}
