import { once } from 'node:events';
import { connect } from 'node:net';
import type { InjectOptions } from 'fastify';
import { expect, test } from 'vitest';
import { errorSchema } from '../support/error-envelope.ts';
import { bearer, CHAT, KEY, OTHER_KEY, sha256, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const POST = { method: 'POST', url: '/v1/chat/completions' } as const;
const JSON_TYPE = { 'content-type': 'application/json' };

test.each(['/v1/chat/completions', '/chat/completions', '/v1/chat/completions/', '/chat/completions/'])(
	'%s is the same route',
	async (url) => {
		const { app } = await startGateway();
		const response = await app.inject({ method: 'POST', url, payload: CHAT });
		expect(response.statusCode).toBe(200);
	},
);

test('models are listed, and found by name, alias, and either spelling of a slash', async () => {
	const { app } = await startGateway();
	const list = await app.inject('/v1/models');
	expect(list.json()).toEqual({
		object: 'list',
		data: [{ id: 'fake', object: 'model', created: expect.any(Number), owned_by: 'retort' }],
	});
	for (const id of ['fake', 'user%2Frepo%3AQ4_K_M', 'user/repo:Q4_K_M']) {
		const response = await app.inject(`/v1/models/${id}`);
		expect(response.json()).toMatchObject({ id: 'fake', object: 'model' });
	}
	const missing = await app.inject('/v1/models/..%2F..%2Fetc%2Fpasswd');
	expect(missing.statusCode).toBe(404);
	expect(missing.json()).toMatchObject({ error: { code: 'model_not_found' } });
});

test.each([
	'../../etc/passwd',
	'file:///etc/passwd',
	'http://127.0.0.1/x.gguf',
	'hf:user/repo',
	'__proto__',
	'x'.repeat(5000),
])('a model is a name of the list and never a path: %s', async (model) => {
	const { app, worker } = await startGateway();
	const response = await app.inject({ ...POST, payload: { ...CHAT, model } });
	expect(response.statusCode).toBe(404);
	expect(errorSchema.parse(response.json()).error.code).toBe('model_not_found');
	expect(worker.received).toEqual([]);
});

test('probes need no key, say whether a model is ready, and tell nothing else', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	for (const url of ['/livez', '/readyz', '/health']) {
		const response = await app.inject(url);
		expect(response.statusCode).toBe(200);
		expect(response.json()).toEqual({ status: 'ok' });
	}
	app.running.beginDrain();
	expect((await app.inject('/readyz')).statusCode).toBe(503);
	expect((await app.inject('/health')).json()).toEqual({ status: 'draining' });
	expect((await app.inject('/livez')).statusCode).toBe(200);
});

test('a model without a worker is not ready, and asking for it is a 503 that says when', async () => {
	const gateway = await startGateway();
	await gateway.pool.drain(0);
	const response = await gateway.app.inject({ ...POST, payload: CHAT });
	expect(response.statusCode).toBe(503);
	expect(Number(response.headers['retry-after'])).toBeGreaterThanOrEqual(1);
	expect(Number(response.headers['retry-after'])).toBeLessThanOrEqual(30);
});

test('every failure has the envelope and the request id', async () => {
	const { app } = await startGateway({ config: { server: { bodyLimitBytes: 2000 } } });
	const cases: [status: number, code: string | null, request: InjectOptions][] = [
		[404, 'unknown_url', { method: 'GET', url: '/v1/nothing' }],
		[404, 'unknown_url', { method: 'POST', url: '/v1/responses/compact/x', payload: CHAT }],
		[404, 'unknown_url', { method: 'GET', url: '//v1/models' }],
		[405, 'method_not_supported', { method: 'GET', url: '/v1/chat/completions' }],
		[405, 'method_not_supported', { method: 'DELETE', url: '/v1/models' }],
		[405, 'method_not_supported', { method: 'PUT', url: '/v1/models/fake' }],
		[405, 'method_not_supported', { method: 'PUT', url: '/v1/models', headers: JSON_TYPE, payload: '{' }],
		// inject sends more methods than its types know.
		[405, 'method_not_supported', { method: 'TRACE' as 'GET', url: '/v1/chat/completions' }],
		[405, 'method_not_supported', { method: 'QUERY' as 'GET', url: '/v1/chat/completions' }],
		[400, 'unknown_url', { method: 'GET', url: '/v1/models/%zz' }],
		[413, 'request_too_large', { ...POST, payload: { ...CHAT, user: 'x'.repeat(3000) } }],
		[400, null, { ...POST, headers: JSON_TYPE, payload: '{"model":' }],
		[400, null, { ...POST, headers: JSON_TYPE, payload: '['.repeat(1000) }],
		[400, null, { ...POST, headers: JSON_TYPE, payload: '{"model":"fake","__proto__":{}}' }],
		[
			415,
			'unsupported_media_type',
			{ ...POST, headers: { 'content-type': 'text/plain' }, payload: JSON.stringify(CHAT) },
		],
		[415, 'unsupported_media_type', { ...POST, headers: { 'content-type': 'application/xml' }, payload: '<a/>' }],
		[
			415,
			'unsupported_media_type',
			{ ...POST, headers: { 'content-type': 'multipart/form-data; boundary=x' }, payload: 'x' },
		],
		[
			415,
			'unsupported_media_type',
			{ ...POST, headers: { 'content-type': 'application/x-www-form-urlencoded' }, payload: 'a=1' },
		],
		[415, 'unsupported_media_type', { ...POST, headers: { 'content-type': '' }, payload: 'x' }],
		[
			415,
			'unsupported_media_type',
			{ ...POST, headers: { 'content-type': 'application/json\t, text/plain' }, payload: '{}' },
		],
		[415, 'unsupported_media_type', { ...POST, headers: { ...JSON_TYPE, 'content-encoding': 'gzip' }, payload: '{}' }],
		[415, 'unsupported_media_type', { ...POST, headers: { ...JSON_TYPE, 'content-encoding': 'br' }, payload: '{}' }],
		[404, 'model_not_found', { ...POST, payload: { ...CHAT, model: 'other' } }],
	];
	for (const [status, code, request] of cases) {
		const response = await app.inject(request);
		expect([response.statusCode, request]).toEqual([status, request]);
		expect(errorSchema.parse(response.json()).error.code).toBe(code);
		expect(response.headers['content-type']).toBe('application/json; charset=utf-8');
		expect(response.headers['x-request-id']).toBeTruthy();
	}
});

test.each([
	['no body at all', undefined],
	['an array', '[]'],
	['null', 'null'],
	['a string', '"hi"'],
	['an empty object', '{}'],
])('%s is a 400 that says what is missing', async (_name, payload) => {
	const { app } = await startGateway();
	const response = await app.inject({ ...POST, headers: JSON_TYPE, ...(payload === undefined ? {} : { payload }) });
	expect(response.statusCode).toBe(400);
	expect(errorSchema.parse(response.json()).error.type).toBe('invalid_request_error');
});

test('a charset beside application/json is fine', async () => {
	const { app } = await startGateway();
	const headers = { 'content-type': 'Application/JSON; charset=UTF-8' };
	expect((await app.inject({ ...POST, headers, payload: JSON.stringify(CHAT) })).statusCode).toBe(200);
});

test('a request id of the client comes back when it is harmless, and is replaced when it is not', async () => {
	const { app, logged } = await startGateway();
	const given = await app.inject({ url: '/v1/models', headers: { 'x-request-id': 'trace-1.2:3_4' } });
	expect(given.headers['x-request-id']).toBe('trace-1.2:3_4');
	for (const id of ['a b', 'x'.repeat(129), '\u001b[31mred', 'a"b', '{}']) {
		const response = await app.inject({ url: '/v1/models', headers: { 'x-request-id': id } });
		expect(response.headers['x-request-id']).toMatch(/^req_[0-9a-f]{24}$/);
	}
	expect(logged()).not.toContain('[31mred');
});

test('a method that is not for a URL is told which one is', async () => {
	const { app } = await startGateway();
	const response = await app.inject({ method: 'DELETE', url: '/v1/chat/completions' });
	expect(response.headers.allow).toBe('POST');
});

test('the official client shows our message for every kind of failure', async () => {
	const gateway = await startGateway({ config: TWO_KEYS });
	const wrong = await gateway.client({ apiKey: 'sk-wrong' });
	await expect(wrong.models.list()).rejects.toMatchObject({
		status: 401,
		code: 'invalid_api_key',
		requestID: expect.stringMatching(/^req_/),
	});
	const client = await gateway.client({ apiKey: KEY });
	await expect(client.chat.completions.create({ ...CHAT, model: 'nope' })).rejects.toMatchObject({
		status: 404,
		code: 'model_not_found',
	});
});

test('a key may use its own models only', async () => {
	const { app } = await startGateway({
		config: {
			keys: [
				{ id: 'one', sha256: sha256(KEY), models: ['other'] },
				{ id: 'two', sha256: sha256(OTHER_KEY), models: ['user/repo:Q4_K_M'] },
			],
		},
	});
	const refused = await app.inject({ ...POST, headers: bearer(KEY), payload: CHAT });
	expect(refused.statusCode).toBe(403);
	expect(refused.json()).toMatchObject({ error: { code: 'model_not_allowed' } });
	expect((await app.inject({ url: '/v1/models', headers: bearer(KEY) })).json().data).toEqual([]);
	expect((await app.inject({ url: '/v1/models/fake', headers: bearer(KEY) })).statusCode).toBe(404);
	expect((await app.inject({ ...POST, headers: bearer(OTHER_KEY), payload: CHAT })).statusCode).toBe(200);
});

/** Sends raw bytes and gives all that comes back until the server closes. */
async function raw(port: number, bytes: string): Promise<string> {
	const socket = connect(port, '127.0.0.1');
	let text = '';
	socket.on('data', (chunk) => {
		text += String(chunk);
	});
	socket.write(bytes, 'latin1');
	await once(socket, 'close');
	return text;
}

const BODY = JSON.stringify(CHAT);
const HEAD =
	'POST /v1/chat/completions HTTP/1.1\r\nhost: localhost\r\ncontent-type: application/json\r\nconnection: close\r\n';

test.each([
	[
		'content-length beside transfer-encoding',
		400,
		`${HEAD}content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n`,
	],
	['two content-lengths', 400, `${HEAD}content-length: 5\r\ncontent-length: 6\r\n\r\nhello`],
	['a transfer-encoding nobody knows', 400, `${HEAD}transfer-encoding: xchunked\r\n\r\n0\r\n\r\n`],
	['a folded header', 400, `${HEAD}x-a: b\r\n c\r\ncontent-length: 2\r\n\r\n{}`],
	['a space before the colon', 400, `${HEAD}x-a : b\r\ncontent-length: 2\r\n\r\n{}`],
	['a NUL in a header', 400, `${HEAD}x-a: b\0c\r\ncontent-length: 2\r\n\r\n{}`],
	['a chunk size that is no number', 400, `${HEAD}transfer-encoding: chunked\r\n\r\nzz\r\nhello\r\n0\r\n\r\n`],
	['no host', 400, `GET /v1/models HTTP/1.1\r\nconnection: close\r\n\r\n`],
	['an expectation that nobody meets', 417, `${HEAD}expect: the-unexpected\r\ncontent-length: 2\r\n\r\n{}`],
	['a method nobody knows', 400, `FOO /v1/models HTTP/1.1\r\nhost: localhost\r\n\r\n`],
	['something that is no HTTP', 400, `hello there\r\n\r\n`],
	['headers past 16 kB', 431, `${HEAD}x-a: ${'y'.repeat(20_000)}\r\ncontent-length: 2\r\n\r\n{}`],
	['1,500 headers', 431, `${HEAD}${'a:b\r\n'.repeat(1500)}content-length: 2\r\n\r\n{}`],
	[
		'one byte a chunk',
		200,
		`${HEAD}transfer-encoding: chunked\r\n\r\n${[...BODY].map((byte) => `1\r\n${byte}\r\n`).join('')}0\r\n\r\n`,
	],
	['a __proto__ header', 200, `${HEAD}__proto__: x\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
])('%s is answered with %d in the envelope', async (_name, status, bytes) => {
	const gateway = await startGateway();
	const { port } = new URL(await gateway.listen());
	const answer = await raw(Number(port), bytes);
	expect(answer.split('\r\n')[0]).toContain(`HTTP/1.1 ${status} `);
	if (status === 200) return;
	expect(answer).toMatch(/x-request-id: req_[0-9a-f]{24}/i);
	errorSchema.parse(JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4)));
	expect((await gateway.app.inject('/readyz')).statusCode).toBe(200);
});
