import { expect, test } from 'vitest';
import { CHAT, KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const get = (headers: Record<string, string>) => ({ url: '/v1/models', headers });

test.each(['localhost:8080', '127.0.0.1:8080', '[::1]:8080', 'app.localhost', '127.0.0.2', 'LOCALHOST'])(
	'without keys Host %s is ours',
	async (host) => {
		const { app } = await startGateway();
		expect((await app.inject(get({ host }))).statusCode).toBe(200);
	},
);

test.each([
	'evil.example',
	'localhost.evil.example',
	'127.0.0.1.evil.example',
	'10.0.0.1',
	'evil.example:8080',
	'a b',
	'169.254.169.254',
])('without keys Host %s is refused: the name was rebound to us', async (host) => {
	const { app, worker } = await startGateway();
	const response = await app.inject(get({ host }));
	expect(response.statusCode).toBe(403);
	expect(response.json()).toMatchObject({ error: { code: 'host_not_allowed' } });
	const chat = await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: { host }, payload: CHAT });
	expect(chat.statusCode).toBe(403);
	expect(worker.received).toEqual([]);
});

test.each(['http://evil.example', 'https://localhost.evil.example', 'null', 'file://', 'chrome-extension://abc'])(
	'without keys a page from %s is refused, and no CORS header invites it',
	async (origin) => {
		const { app } = await startGateway();
		const response = await app.inject(get({ origin }));
		expect(response.statusCode).toBe(403);
		expect(response.headers).not.toHaveProperty('access-control-allow-origin');
		const preflight = await app.inject({
			method: 'OPTIONS',
			url: '/v1/chat/completions',
			headers: { origin, 'access-control-request-method': 'POST' },
		});
		expect(preflight.headers).not.toHaveProperty('access-control-allow-origin');
	},
);

test('a page from this machine may ask, and gets no CORS header unless one is configured', async () => {
	const { app } = await startGateway();
	const response = await app.inject(get({ origin: 'http://localhost:3000' }));
	expect(response.statusCode).toBe(200);
	expect(response.headers).not.toHaveProperty('access-control-allow-origin');
});

test('a configured origin may ask from a browser, with its preflight, and reads our headers', async () => {
	const { app } = await startGateway({ config: { server: { corsOrigins: ['https://chat.example'] } } });
	const headers = { origin: 'https://chat.example' };
	const preflight = await app.inject({
		method: 'OPTIONS',
		url: '/v1/chat/completions',
		headers: { ...headers, 'access-control-request-method': 'POST', 'access-control-request-headers': 'authorization' },
	});
	expect(preflight.statusCode).toBe(204);
	expect(preflight.headers['access-control-allow-origin']).toBe('https://chat.example');
	const response = await app.inject(get(headers));
	expect(response.headers['access-control-allow-origin']).toBe('https://chat.example');
	expect(response.headers['access-control-expose-headers']).toContain('x-request-id');
	expect((await app.inject(get({ origin: 'https://other.example' }))).headers).not.toHaveProperty(
		'access-control-allow-origin',
	);
});

test('preflights need no key, what follows does', async () => {
	const { app } = await startGateway({ config: { ...TWO_KEYS, server: { corsOrigins: ['https://chat.example'] } } });
	const headers = { origin: 'https://chat.example', 'access-control-request-method': 'POST' };
	expect((await app.inject({ method: 'OPTIONS', url: '/v1/chat/completions', headers })).statusCode).toBe(204);
	const refused = await app.inject(get({ origin: 'https://chat.example' }));
	expect(refused.statusCode).toBe(401);
	expect(refused.headers['access-control-allow-origin']).toBe('https://chat.example');
});

test('with keys the key is what counts, whatever the host', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const headers = { host: 'api.example', origin: 'https://evil.example', authorization: `Bearer ${KEY}` };
	expect((await app.inject(get(headers))).statusCode).toBe(200);
});

test('beyond loopback without keys any host is served, but foreign pages are not', async () => {
	const { app } = await startGateway({ config: { server: { host: '0.0.0.0', insecure: true } } });
	expect((await app.inject(get({ host: 'gpu-box:8080' }))).statusCode).toBe(200);
	expect((await app.inject(get({ host: 'gpu-box:8080', origin: 'http://gpu-box:8080' }))).statusCode).toBe(200);
	expect((await app.inject(get({ host: 'gpu-box:8080', origin: 'http://evil.example' }))).statusCode).toBe(403);
});
