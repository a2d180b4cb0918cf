import type { Server } from 'node:http';
import type { FastifyHttpOptions } from 'fastify';
import type { Config } from '../config/schema.ts';
import { internalError } from '../errors.ts';
import { answerClientError } from './client-error.ts';
import { fromFrameworkError } from './framework-error.ts';
import { requestIdOf } from './request-id.ts';
import { sendError } from './send-error.ts';

/** A request has to arrive whole within this; running it may take as long as it takes. */
const REQUEST_TIMEOUT_MS = 30_000;
const HEADERS_TIMEOUT_MS = 15_000;
/** Node looks for late requests only this often; its default of 30 s would double the two above. */
const TIMEOUT_CHECK_MS = 5000;
/** Longer than load balancers keep idle connections (60 s), so that it is never us who close one under a request. */
const KEEP_ALIVE_TIMEOUT_MS = 75_000;

export function serverOptions(config: Config): FastifyHttpOptions<Server> {
	const { bodyLimitBytes, trustedProxies } = config.server;
	return {
		// The gateway logs for itself: what fastify would say of a request can hold its URL and its errors' messages.
		logger: false,
		http: {
			headersTimeout: HEADERS_TIMEOUT_MS,
			connectionsCheckingInterval: TIMEOUT_CHECK_MS,
			// Node's own answer to a request without one has no body; ours is in request-basics.
			requireHostHeader: false,
		},
		requestTimeout: REQUEST_TIMEOUT_MS,
		keepAliveTimeout: KEEP_ALIVE_TIMEOUT_MS,
		bodyLimit: bodyLimitBytes,
		// Addresses only: `true` would believe whatever the client wrote first.
		trustProxy: trustedProxies.length === 0 ? false : trustedProxies,
		// Ours answers in the envelope, and drains.
		return503OnClosing: false,
		genReqId: requestIdOf,
		clientErrorHandler: answerClientError,
		// Of a URL that cannot be decoded: no hook runs for those, so the id is set here.
		frameworkErrors: (error, request, reply) => {
			reply.header('x-request-id', request.id);
			void sendError(fromFrameworkError(error) ?? internalError(error), reply);
		},
		routerOptions: { ignoreTrailingSlash: true, maxParamLength: 512 },
	};
}
