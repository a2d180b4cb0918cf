import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import type { Socket } from 'node:net';
import { RetortError, toEnvelope } from '../errors.ts';
import { hasOpenResponse } from './disconnect-signal.ts';
import { expectationFailed } from './errors.ts';
import { newRequestId } from './request-id.ts';

/** Bytes that node's parser refuses never reach a route: the same envelope, written by hand, and the connection ends. */
export function answerClientError(error: Error & { code?: string }, socket: Socket): void {
	if (error.code === 'ECONNRESET' || !socket.writable || hasOpenResponse(socket)) {
		socket.destroy();
		return;
	}
	const { status, message } = readingOf(error.code);
	const { body, headers } = answerTo(new RetortError(message, { status, type: 'invalid_request_error', code: null }));
	const head = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
	const statusLine = `HTTP/1.1 ${status} ${STATUS_CODES[status] ?? 'Bad Request'}`;
	socket.end(`${[statusLine, ...head].join('\r\n')}\r\n\r\n${body}`);
}

/** Node answers an Expect header that it does not know by itself, and without a body. */
export function answerExpectation(_request: IncomingMessage, response: ServerResponse): void {
	const error = expectationFailed();
	const { body, headers } = answerTo(error);
	response.writeHead(error.status, headers).end(body);
}

function answerTo(error: RetortError): { body: string; headers: Record<string, string> } {
	const body = JSON.stringify(toEnvelope(error));
	return {
		body,
		headers: {
			'content-type': 'application/json; charset=utf-8',
			'content-length': String(Buffer.byteLength(body)),
			'x-request-id': newRequestId(),
			connection: 'close',
		},
	};
}

function readingOf(code: string | undefined): { status: number; message: string } {
	switch (code) {
		case 'HPE_HEADER_OVERFLOW':
			return { status: 431, message: 'The request headers are larger than this server accepts.' };
		case 'HPE_CHUNK_EXTENSIONS_OVERFLOW':
			return { status: 413, message: 'The chunk extensions of the request are larger than this server accepts.' };
		case 'ERR_HTTP_REQUEST_TIMEOUT':
			return { status: 408, message: 'The request did not arrive in time.' };
		default:
			return { status: 400, message: 'The request is not valid HTTP.' };
	}
}
