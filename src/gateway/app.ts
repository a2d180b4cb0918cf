import rateLimit from '@fastify/rate-limit';
import { type FastifyInstance, fastify } from 'fastify';
import type { Config } from '../config/schema.ts';
import { IDEMPOTENCY_LIMITS } from './answer-once.ts';
import { answerExpectation } from './client-error.ts';
import { type EndReasoning, endReasoningIn } from './end-reasoning.ts';
import type { GatewayPool } from './gateway-pool.ts';
import { GrammarCompiler } from './grammar-compiler.ts';
import { IdempotentAnswers } from './idempotent-answers.ts';
import { type KeyState, keyState } from './key-state.ts';
import { LiveResponses } from './live-responses.ts';
import type { GatewayLog } from './log.ts';
import { createMetrics, type GatewayMetrics } from './metrics.ts';
import { ModelTemplates } from './model-templates.ts';
import { addAuth } from './plugins/auth.ts';
import { addCors } from './plugins/cors.ts';
import { addErrors } from './plugins/errors.ts';
import { addHostCheck } from './plugins/host-check.ts';
import { addJsonBody } from './plugins/json-body.ts';
import { addRequestLimits } from './plugins/limits.ts';
import { addOverload } from './plugins/overload.ts';
import { addRequestBasics } from './plugins/request-basics.ts';
import { addRequestLog } from './plugins/request-log.ts';
import { ResponseStore } from './response-store.ts';
import { addAdminRoutes } from './routes/admin.ts';
import { addAnnounceRoute } from './routes/announce.ts';
import { addChatCompletionsRoute } from './routes/chat-completions.ts';
import { addCompletionsRoute } from './routes/completions.ts';
import { addDocsRoutes } from './routes/docs.ts';
import { addEmbeddingsRoute } from './routes/embeddings.ts';
import { addEndReasoningRoute } from './routes/end-reasoning.ts';
import { addHealthRoutes } from './routes/health.ts';
import { addMessagesRoutes } from './routes/messages.ts';
import { addMetricsRoute } from './routes/metrics.ts';
import { addModelRoutes } from './routes/models.ts';
import { addOllamaRoutes } from './routes/ollama.ts';
import { addOllamaEmbedRoutes } from './routes/ollama-embed.ts';
import { addOllamaModelRoutes } from './routes/ollama-models.ts';
import { addResponsesRoutes } from './routes/responses.ts';
import { addTokenRoutes } from './routes/tokens.ts';
import { RunningCompletions } from './running-completions.ts';
import { serverOptions } from './server-options.ts';
import { SharedAnswers } from './shared/shared-answers.ts';
import { SharedResponses } from './shared/shared-responses.ts';
import type { SharedState } from './shared/shared-state.ts';
import { WindowStore } from './window-store.ts';

declare module 'fastify' {
	interface FastifyInstance {
		running: RunningCompletions;
	}
}

export type AppOptions = {
	config: Config;
	pool: GatewayPool;
	log: GatewayLog;
	version: string;
	/** Made before the pool, whose observer is a part of it. */
	metrics?: GatewayMetrics;
	/** Where there are several gateways; closed by whoever made it. */
	shared?: SharedState | null;
	/** With which workers announce themselves; null or absent: none may. */
	workerToken?: string | null;
	/** Of one process of several: what another one counts or gathers for all of them. */
	asked?: {
		keyState: KeyState;
		renderMetrics(): Promise<string>;
		endReasoning: EndReasoning;
		/** What the others may ask of this one. */
		answer(endReasoning: EndReasoning): void;
	};
};

/**
 * Builds the HTTP server and does not listen. Hooks run in the order in which they stand here: everything that can
 * refuse a request does so before its body is read.
 */
export function buildApp({
	config,
	pool,
	log,
	version,
	metrics = createMetrics(),
	shared = null,
	asked,
	workerToken = null,
}: AppOptions): FastifyInstance {
	const app = fastify(serverOptions(config));
	app.server.maxConnections = config.server.maxConnections;
	app.server.on('checkExpectation', answerExpectation);
	const running = new RunningCompletions();
	app.decorate('running', running);
	if (asked === undefined) metrics.watchPool(() => pool.status(), config.metrics);
	const { limits, counter, revoked } = asked?.keyState ?? keyState(config, shared);
	const templates = new ModelTemplates();
	const grammars = new GrammarCompiler({ log });
	app.addHook('onClose', async () => {
		limits.close?.();
		await grammars.close();
	});

	app.register(rateLimit, { global: false, store: WindowStore });
	addErrors(app, log);
	addRequestBasics(app);
	addRequestLog(app, log, metrics);
	addCors(app, config);
	if (config.keys.length === 0) addHostCheck(app, config);
	addAuth(app, config, revoked);
	addRequestLimits(app, counter);
	addOverload(app, pool);
	addJsonBody(app);

	addHealthRoutes(app, pool);
	addMetricsRoute(app, asked?.renderMetrics ?? (() => metrics.registry.metrics()));
	addDocsRoutes(app, version);
	addModelRoutes(app, pool, config, templates);
	const idempotent = new IdempotentAnswers(IDEMPOTENCY_LIMITS, () => performance.now());
	const sharedAnswers = shared === null ? null : new SharedAnswers(shared, IDEMPOTENCY_LIMITS.ttlMs);
	const services = {
		config,
		pool,
		log,
		metrics,
		limits,
		running,
		version,
		templates,
		grammars,
		idempotent,
		sharedAnswers,
	};
	addChatCompletionsRoute(app, services);
	addCompletionsRoute(app, services);
	addTokenRoutes(app, services);
	addMessagesRoutes(app, services);
	addEmbeddingsRoute(app, services);
	addOllamaRoutes(app, services);
	addOllamaEmbedRoutes(app, services);
	addOllamaModelRoutes(app, services);
	const local = new ResponseStore(config.responses, () => performance.now());
	const store = shared === null ? local : new SharedResponses(shared, local, config.responses.ttlSeconds);
	addResponsesRoutes(app, { ...services, store, live: new LiveResponses() });
	const endReasoning = endReasoningIn(running, pool);
	asked?.answer(endReasoning);
	addEndReasoningRoute(app, endReasoning, asked?.endReasoning ?? (async () => null));
	addAdminRoutes(app, { pool, log, version, config, revoked });
	if (workerToken !== null) addAnnounceRoute(app, { pool, token: workerToken, config: config.announcements });
	return app;
}
