import type { Caller } from './caller.ts';

/** What hooks and routes know of one request beside fastify's own. */
declare module 'fastify' {
	interface FastifyRequest {
		/** Set by the auth plugin; null only on public routes and before it has run. */
		caller: Caller | null;
		startedAt: number;
		/** The served model's name, once it is known to be one: what metrics may use as a label. */
		modelLabel: string;
	}
	interface FastifyContextConfig {
		/** Answered without a key. The whole list is in public-routes.ts. */
		isPublic?: boolean;
	}
}

export type { Caller };
