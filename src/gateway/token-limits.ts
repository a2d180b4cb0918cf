import type { RetortError } from '../errors.ts';
import type { TokenEstimate } from './admission.ts';
import { rateLimited } from './errors.ts';
import { goDuration } from './go-duration.ts';

/** A bucket of tokens a minute as it stands: what clients are told of it, whoever keeps it. */
export type BucketLevel = { perMinute: number; level: number };

export function tokenHeaders(bucket: BucketLevel): Record<string, string> {
	return {
		'x-ratelimit-limit-tokens': String(bucket.perMinute),
		'x-ratelimit-remaining-tokens': String(remaining(bucket)),
		'x-ratelimit-reset-tokens': goDuration(msUntil(bucket, bucket.perMinute)),
	};
}

export function tokensExceeded(bucket: BucketLevel, reserved: number): RetortError {
	const canEverFit = reserved <= bucket.perMinute;
	const waitMs = msUntil(bucket, reserved);
	const advice = canEverFit ? `Please try again in ${goDuration(waitMs)}.` : 'Send less, or a smaller max_tokens.';
	return rateLimited(
		'tokens',
		`Rate limit reached on tokens per minute: Limit ${bucket.perMinute}, Available ${remaining(bucket)}, Requested ${reserved}. ${advice}`,
		{ waitMs, canEverFit },
	);
}

export function concurrencyExceeded(limit: number): RetortError {
	const message = `Rate limit reached: ${limit} concurrent requests. Try again when one has ended.`;
	return rateLimited('requests', message, { waitMs: 1000 });
}

/** A silent max_tokens reserves no more than the whole limit: what it takes beyond becomes debt when it is settled. */
export function reservationOf(estimate: TokenEstimate, perMinute: number): number {
	const total = estimate.promptTokens + estimate.completionTokens;
	return estimate.isExplicit ? total : Math.max(estimate.promptTokens, Math.min(total, perMinute));
}

function remaining({ level }: BucketLevel): number {
	return Math.max(0, Math.floor(level));
}

function msUntil({ perMinute, level }: BucketLevel, units: number): number {
	return Math.max(0, ((units - level) * 60_000) / perMinute);
}
