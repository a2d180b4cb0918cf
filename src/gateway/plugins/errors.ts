import type { FastifyInstance, FastifyRequest } from 'fastify';
import { internalError, RetortError } from '../../errors.ts';
import { fromFrameworkError } from '../framework-error.ts';
import type { GatewayLog } from '../log.ts';
import { describeFailure } from '../log.ts';
import { sendError } from '../send-error.ts';
import { unknownUrl } from '../unknown-url.ts';

/** The one place where a thrown error becomes a status, an envelope and headers. */
export function addErrors(app: FastifyInstance, log: GatewayLog): void {
	app.setErrorHandler((error, request, reply) => sendError(toRetortError(error, request, log), reply));
	app.setNotFoundHandler((request, reply) => sendError(unknownUrl(request.method, request.url), reply));
}

/** Whatever was thrown, as an error that may be shown. Of the unforeseen only the log learns. */
export function toRetortError(error: unknown, request: FastifyRequest, log: GatewayLog): RetortError {
	const known = error instanceof RetortError ? error : fromFrameworkError(error);
	const shown = known ?? internalError(error);
	if (shown.status >= 500 && shown.status !== 503) {
		log.error(
			{ requestId: request.id, code: shown.code, failure: describeFailure(shown.cause ?? shown) },
			'request failed',
		);
	}
	return shown;
}
