/**
 * What a gateway process and the process that owns the pool say to each other.
 *
 *   gateway -> owner   call lease (LeaseAsk -> LeaseGrant), any-worker (model -> Connected), awaken (model), status, operate,
 *                      announced (Announcement)
 *                      note subscribe, withdraw, release (lease id), doubt (LeaseDoubt), news (LeaseNews), pulling (PullingChange[])
 *   owner -> gateway   note pool (PoolNews), queued (PlaceNews), abort (LeaseAbort)
 */
import { z } from 'zod';
import { wireErrorSchema } from '../../protocol/wire-error.ts';
import { workerInfoSchema } from '../../protocol/worker-api.ts';

export const leaseIdSchema = z.int();

export const leaseAskSchema = z.object({
	/** Chosen by the gateway, once. */
	leaseId: leaseIdSchema,
	model: z.string(),
	placement: z.object({
		requestId: z.string(),
		prefixes: z.array(z.object({ key: z.string(), share: z.number() })),
		promptTokens: z.number(),
	}),
	keyId: z.string().nullable(),
	weight: z.number(),
	avoid: z.array(z.string()),
	isRetry: z.boolean(),
	patienceMs: z.number(),
	wantsPlace: z.boolean(),
});

const connectionSchema = z.object({
	id: z.string(),
	model: z.string(),
	endpoint: z.object({
		origin: z.string(),
		socketPath: z.string().nullable(),
		token: z.string().nullable(),
		tls: z
			.object({
				ca: z.string().nullable(),
				cert: z.string().nullable(),
				key: z.string().nullable(),
				serverName: z.string().nullable(),
			})
			.nullable(),
	}),
	connectMs: z.number(),
	patience: z.object({ firstEventMs: z.number(), gapMs: z.number() }),
	controlMs: z.number(),
});

/** A launch of a worker and how to reach it. */
export const connectedSchema = z.object({ launchKey: z.string(), connection: connectionSchema });
export type Connected = z.infer<typeof connectedSchema>;

export const leaseGrantSchema = connectedSchema.extend({ workerId: z.string(), knownShare: z.number() });

const paceSampleSchema = z.object({
	promptTokens: z.number(),
	cachedTokens: z.number(),
	completionTokens: z.number(),
	prefillMs: z.number(),
	decodeMs: z.number(),
});

export const leaseNewsSchema = z.object({
	leaseId: leaseIdSchema,
	news: z
		.discriminatedUnion('type', [
			z.object({ type: z.literal('first-token') }),
			z.object({ type: z.literal('end'), sample: paceSampleSchema }),
		])
		.nullable(),
	pendingPromptTokens: z.number(),
});

export const leaseDoubtSchema = z.object({ leaseId: leaseIdSchema, code: z.string().nullable() });

/** Of a lease, whether somebody waits for its worker's next event. */
export const pullingSchema = z.array(z.object({ leaseId: leaseIdSchema, isPulling: z.boolean() }));

export const placeNewsSchema = z.object({
	leaseId: leaseIdSchema,
	place: z.object({ position: z.number(), expectedWaitMs: z.number() }).nullable(),
});

export const leaseAbortSchema = z.object({ leaseId: leaseIdSchema, error: wireErrorSchema });

export const modelSchema = z.object({
	name: z.string(),
	aliases: z.array(z.string()),
	created: z.int(),
	state: z.enum(['loading', 'ready', 'resting', 'unavailable']),
	info: workerInfoSchema.nullable(),
});

export const poolNewsSchema = z.object({
	models: z.array(modelSchema),
	/** Keys of the launches that there are: connections to others have no worker any more. */
	launches: z.array(z.string()),
});

export const operateSchema = z.object({ verb: z.enum(['drain', 'undrain', 'restart']), workerId: z.string() });

export const announcementSchema = z.object({ model: z.string(), url: z.string(), leaves: z.boolean() });
