/**
 * How a gateway process asks the one that counts for all of them.
 *
 *   gateway -> owner   call admit (AdmitAsk -> AdmitAnswer), count (CountAsk -> CountAnswer), revoke (Revocation)
 *                      note settle (Settlement), subscribe-keys
 *   owner -> gateway   note revoked (ids of keys)
 */
import { z } from 'zod';
import { wireErrorSchema } from './wire-error.ts';

export const admitAskSchema = z.object({
	/** Chosen by the gateway, once. */
	admissionId: z.int(),
	bucket: z.string(),
	limits: z.object({
		requestsPerMinute: z.number().nullable(),
		tokensPerMinute: z.number().nullable(),
		concurrentRequests: z.number().nullable(),
	}),
	estimate: z.object({ promptTokens: z.number(), completionTokens: z.number(), isExplicit: z.boolean() }),
});

export const admitAnswerSchema = z.object({
	headers: z.record(z.string(), z.string()),
	refusal: wireErrorSchema.nullable(),
});

export const settlementSchema = z.object({ admissionId: z.int(), usedTokens: z.number() });

/** One more in the window of this bucket. */
export const countAskSchema = z.object({ bucket: z.string(), windowMs: z.number() });
export const countAnswerSchema = z.object({ current: z.number(), ttlMs: z.number() });

export const revocationSchema = z.object({ keyId: z.string(), isRevoked: z.boolean() });
export const revocationAnswerSchema = z.null();
export const revokedKeysSchema = z.array(z.string());
