import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { thinksForever } from '../support/scripts.ts';
import { bearer, CHAT, KEY, OTHER_KEY, sha256, startGateway } from '../support/start-gateway.ts';

const POST = { method: 'POST', url: '/v1/chat/completions', payload: CHAT } as const;

function keyed(limits: object) {
	return {
		keys: [
			{ id: 'one', sha256: sha256(KEY), limits },
			{ id: 'two', sha256: sha256(OTHER_KEY) },
		],
	};
}

test('requests a minute are counted by key, told in headers, and refused in the envelope', async () => {
	const { app } = await startGateway({ config: keyed({ requestsPerMinute: 2 }) });
	const first = await app.inject({ ...POST, headers: bearer(KEY) });
	expect(first.headers).toMatchObject({ 'x-ratelimit-limit-requests': '2', 'x-ratelimit-remaining-requests': '1' });
	expect(first.headers['x-ratelimit-reset-requests']).toMatch(/^(\d+m)?\d+(ms|s)$/);
	expect(first.headers).not.toHaveProperty('x-ratelimit-limit');
	await app.inject({ ...POST, headers: bearer(KEY) });
	const third = await app.inject({ ...POST, headers: bearer(KEY) });
	expect(third.statusCode).toBe(429);
	expect(third.json()).toMatchObject({ error: { type: 'requests', code: 'rate_limit_exceeded', param: null } });
	expect(third.headers['x-ratelimit-remaining-requests']).toBe('0');
	expect(Number(third.headers['retry-after'])).toBeGreaterThanOrEqual(1);
	expect(Number(third.headers['retry-after'])).toBeLessThanOrEqual(30);
	expect((await app.inject({ ...POST, headers: bearer(OTHER_KEY) })).statusCode).toBe(200);
});

test('a URL that does not exist counts as well', async () => {
	const { app } = await startGateway({ config: keyed({ requestsPerMinute: 1 }) });
	expect((await app.inject({ url: '/nothing', headers: bearer(KEY) })).statusCode).toBe(404);
	expect((await app.inject({ url: '/nothing', headers: bearer(KEY) })).statusCode).toBe(429);
});

test('probes are never limited', async () => {
	const { app } = await startGateway({ config: { limits: { requestsPerMinute: 1 } } });
	for (let index = 0; index < 5; index += 1) expect((await app.inject('/readyz')).statusCode).toBe(200);
});

test('ten thousand junk keys do not wash a limited key out of the count', async () => {
	const { app } = await startGateway({ config: keyed({ requestsPerMinute: 1 }) });
	expect((await app.inject({ url: '/v1/models', headers: bearer(KEY) })).statusCode).toBe(200);
	for (let index = 0; index < 10_000; index += 1) {
		await app.inject({ url: '/v1/models', headers: bearer(`junk-${index}`) });
	}
	expect((await app.inject({ url: '/v1/models', headers: bearer(KEY) })).statusCode).toBe(429);
});

test('without keys the address counts, and a header does not change it', async () => {
	const { app } = await startGateway({ config: { limits: { requestsPerMinute: 1 } } });
	expect((await app.inject({ url: '/v1/models' })).statusCode).toBe(200);
	for (const spoof of ['6.6.6.6', '6.6.6.7, 7.7.7.7', '::1', 'unknown']) {
		const headers = { 'x-forwarded-for': spoof, 'x-real-ip': spoof, forwarded: `for=${spoof}` };
		expect((await app.inject({ url: '/v1/models', headers })).statusCode).toBe(429);
	}
});

test('behind a trusted proxy the address is the one that the proxy added, not what the client wrote first', async () => {
	const config = { server: { trustedProxies: ['127.0.0.1/32'] }, limits: { requestsPerMinute: 1 } };
	const { app } = await startGateway({ config });
	const from = (forwarded: string) => app.inject({ url: '/v1/models', headers: { 'x-forwarded-for': forwarded } });
	expect((await from('6.6.6.6, 7.7.7.7')).statusCode).toBe(200);
	expect((await from('6.6.6.7, 7.7.7.7')).statusCode).toBe(429);
	expect((await from('6.6.6.6, 7.7.7.8')).statusCode).toBe(200);
});

test('an IPv6 client is its whole /64', async () => {
	const { app } = await startGateway({ config: { limits: { requestsPerMinute: 1 } } });
	const from = (remoteAddress: string) => app.inject({ url: '/v1/models', remoteAddress });
	expect((await from('2001:db8:1:2::1')).statusCode).toBe(200);
	expect((await from('2001:db8:1:2:ffff::9')).statusCode).toBe(429);
	expect((await from('2001:db8:1:3::1')).statusCode).toBe(200);
});

test('tokens are reserved while a request runs, and settled with what it really took', async () => {
	const gateway = await startGateway({ config: keyed({ tokensPerMinute: 200 }) });
	const response = await gateway.app.inject({ ...POST, headers: bearer(KEY), payload: { ...CHAT, max_tokens: 100 } });
	expect(response.statusCode).toBe(200);
	expect(response.headers['x-ratelimit-limit-tokens']).toBe('200');
	// Reserved: 100 and a prompt's worth; used: 16. Five such requests fit only because each gives back the rest.
	for (let index = 0; index < 4; index += 1) {
		const next = await gateway.app.inject({ ...POST, headers: bearer(KEY), payload: { ...CHAT, max_tokens: 100 } });
		expect(next.statusCode).toBe(200);
	}
	const tooMuch = await gateway.app.inject({ ...POST, headers: bearer(KEY), payload: { ...CHAT, max_tokens: 900 } });
	expect(tooMuch.statusCode).toBe(429);
	expect(tooMuch.json()).toMatchObject({ error: { type: 'tokens', code: 'rate_limit_exceeded' } });
	expect(tooMuch.headers['x-should-retry']).toBe('false');
});

test('a client that leaves gets back what was not used', async () => {
	const gateway = await startGateway({ config: keyed({ tokensPerMinute: 500 }), script: thinksForever });
	const client = await gateway.client({ apiKey: KEY });
	for (let index = 0; index < 4; index += 1) {
		const stream = await client.chat.completions.create({ ...CHAT, stream: true, max_tokens: 400 });
		for await (const _chunk of stream) break;
		await until(() => gateway.app.running.size === 0);
	}
});

test('what a worker refuses costs nothing', async () => {
	const gateway = await startGateway({
		config: keyed({ tokensPerMinute: 500, concurrentRequests: 1 }),
		script: (turn) => turn.fail(400, 'context_length_exceeded'),
	});
	for (let index = 0; index < 5; index += 1) {
		const response = await gateway.app.inject({ ...POST, headers: bearer(KEY), payload: { ...CHAT, max_tokens: 400 } });
		expect(response.statusCode).toBe(400);
	}
});

test('the request beyond the concurrent ones is a 429 at once, and the place comes back with the end', async () => {
	const gateway = await startGateway({ config: keyed({ concurrentRequests: 1 }), script: thinksForever });
	const client = await gateway.client({ apiKey: KEY });
	const stream = await client.chat.completions.create({ ...CHAT, stream: true });
	for await (const _chunk of stream) {
		await expect(client.chat.completions.create(CHAT)).rejects.toMatchObject({
			status: 429,
			code: 'rate_limit_exceeded',
		});
		break;
	}
	await until(() => gateway.app.running.size === 0);
	const again = await client.chat.completions.create({ ...CHAT, stream: true });
	for await (const _chunk of again) break;
	await until(() => gateway.app.running.size === 0);
});

test('five hundred at once at a limit of a hundred are exactly a hundred', async () => {
	const { app } = await startGateway({ config: keyed({ requestsPerMinute: 100 }) });
	const responses = await Promise.all(
		Array.from({ length: 500 }, () => app.inject({ url: '/v1/models', headers: bearer(KEY) })),
	);
	expect(responses.filter((response) => response.statusCode === 200)).toHaveLength(100);
});
