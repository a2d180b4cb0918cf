/**
 * How a worker tells a gateway that it is there:
 *
 *   POST /workers/announce   AnnounceRequest -> AnnounceResponse, with the shared token as bearer token
 *
 * It says so again and again, and says goodbye. All that it says is where it listens: the gateway asks it for the rest, as any host.
 */
import { z } from 'zod';

export const announceRequestSchema = z.strictObject({
	/** Name or alias of the model at the gateway. */
	model: z.string().min(1).max(256),
	/** Of the address that this comes from. */
	port: z.int().min(1).max(65_535),
	/** It speaks https. */
	secure: z.boolean(),
	/** Where it is reached, if that is another address. */
	url: z.string().max(1024).nullable(),
	/** It goes: no more work for it. */
	leaves: z.boolean(),
});
export type AnnounceRequest = z.infer<typeof announceRequestSchema>;

export const announceResponseSchema = z.object({
	/** What the gateway calls it. */
	worker: z.string(),
	/** It should be heard of again within so long. */
	renew_seconds: z.number().positive(),
});
export type AnnounceResponse = z.infer<typeof announceResponseSchema>;
