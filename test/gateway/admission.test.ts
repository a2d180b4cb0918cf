import { expect, test } from 'vitest';
import { AdmissionLimits, type TokenEstimate } from '../../src/gateway/admission.ts';
import type { Caller } from '../../src/gateway/caller.ts';

function caller(limits: Partial<Caller['limits']>, bucket = 'key:one'): Caller {
	return {
		keyId: 'one',
		bucket,
		key: null,
		limits: { requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: null, ...limits },
	};
}

const small: TokenEstimate = { promptTokens: 10, completionTokens: 10, isExplicit: true };

test('without limits everything is admitted and no header is promised', () => {
	const admission = new AdmissionLimits(() => 0).admit(caller({}), small);
	expect(admission).toMatchObject({ refusal: null, headers: {} });
});

test('the request beyond the concurrent ones is refused until one ends', () => {
	const limits = new AdmissionLimits(() => 0);
	const who = caller({ concurrentRequests: 1 });
	const first = limits.admit(who, small);
	const second = limits.admit(who, small);
	expect(second.refusal).toMatchObject({ status: 429, code: 'rate_limit_exceeded', retryAfterSeconds: 1 });
	expect(limits.admit(caller({ concurrentRequests: 1 }, 'key:two'), small).refusal).toBeNull();
	if (first.refusal === null) first.end(0);
	expect(limits.admit(who, small).refusal).toBeNull();
});

test('ending twice gives one place back', () => {
	const limits = new AdmissionLimits(() => 0);
	const who = caller({ concurrentRequests: 2 });
	const first = limits.admit(who, small);
	limits.admit(who, small);
	if (first.refusal === null) {
		first.end(0);
		first.end(0);
	}
	expect(limits.admit(who, small).refusal).toBeNull();
	expect(limits.admit(who, small).refusal).not.toBeNull();
});

test('tokens are reserved at admission and settled with what was used', () => {
	const limits = new AdmissionLimits(() => 0);
	const who = caller({ tokensPerMinute: 100 });
	const first = limits.admit(who, { promptTokens: 20, completionTokens: 60, isExplicit: true });
	expect(first.headers).toEqual({
		'x-ratelimit-limit-tokens': '100',
		'x-ratelimit-remaining-tokens': '20',
		'x-ratelimit-reset-tokens': '48s',
	});
	const refused = limits.admit(who, { promptTokens: 20, completionTokens: 10, isExplicit: true });
	expect(refused.refusal).toMatchObject({ status: 429, type: 'tokens', shouldRetry: null, retryAfterSeconds: 6 });
	if (first.refusal === null) first.end(25);
	expect(limits.admit(who, { promptTokens: 20, completionTokens: 10, isExplicit: true }).headers).toMatchObject({
		'x-ratelimit-remaining-tokens': '45',
	});
});

test('a request that never fits the limit says that trying again is of no use', () => {
	const limits = new AdmissionLimits(() => 0);
	const refusal = limits.admit(caller({ tokensPerMinute: 100 }), {
		promptTokens: 20,
		completionTokens: 500,
		isExplicit: true,
	}).refusal;
	expect(refusal).toMatchObject({ shouldRetry: false });
	expect(refusal?.retryAfterSeconds).toBeLessThanOrEqual(30);
});

test('a request that is silent about max_tokens reserves no more than the limit and is billed what it used', () => {
	let now = 0;
	const limits = new AdmissionLimits(() => now);
	const who = caller({ tokensPerMinute: 100 });
	const silent: TokenEstimate = { promptTokens: 20, completionTokens: 8000, isExplicit: false };
	const first = limits.admit(who, silent);
	expect(first.refusal).toBeNull();
	if (first.refusal === null) first.end(150);
	expect(limits.admit(who, small).refusal).not.toBeNull();
	now = 30_000 + 12_000;
	expect(limits.admit(who, small).refusal).toBeNull();
});

test('ten thousand addresses do not grow the memory without bound, and limits still hold for those that come', () => {
	const limits = new AdmissionLimits(() => 0);
	for (let index = 0; index < 10_050; index += 1) limits.admit(caller({ tokensPerMinute: 20 }, `ip:${index}`), small);
	expect(limits.admit(caller({ tokensPerMinute: 20 }, 'ip:10049'), small).refusal).not.toBeNull();
});
