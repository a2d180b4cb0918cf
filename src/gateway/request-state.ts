import type { Caller } from './caller.ts';

/** What hooks and routes know of one request beside fastify's own. */
declare module 'fastify' {
	interface FastifyRequest {
		/** Set by the auth plugin; null only on public routes and before it has run. */
		caller: Caller | null;
		startedAt: number;
		/** The served model's name, once it is known to be one: what metrics may use as a label. */
		modelLabel: string;
		/** A generation has begun for it, and tells its start and end in lines of its own. */
		hasGeneration: boolean;
	}
	interface FastifyContextConfig {
		/** Answered without a key: the probes of routes/health.ts, and nothing else. */
		isPublic?: boolean;
		/** What it asks for runs in a slot of a worker. */
		takesSlot?: boolean;
	}
}
