import { once } from 'node:events';
import { Agent, type IncomingMessage, type RequestOptions, request } from 'node:http';
import { expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { pathsOf } from '../support/paths-of.ts';
import { thinksForever } from '../support/scripts.ts';
import { bearer, CHAT, KEY, OTHER_KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

/** The whole of what is answered without a key. A new public route has to be written down here. */
const PUBLIC = [
	'/livez',
	'/readyz',
	'/health',
	'/openapi.json',
	'/docs',
	'/docs/swagger-ui.css',
	'/docs/swagger-ui-bundle.js',
	'/docs/start.js',
];

test('every route is 401 without a key but for a written list, however its path is spelled', async () => {
	// A proxy of ours that claims another client each time, or the limit on wrong keys would answer first.
	const { app, worker, listen } = await startGateway({
		config: { ...TWO_KEYS, server: { trustedProxies: ['127.0.0.1/32'] } },
	});
	const { port } = new URL(await listen());
	const agent = new Agent({ keepAlive: true, maxSockets: 4 });
	let client = 0;
	const statusOf = (method: string, path: string) => {
		client += 1;
		const headers = { 'x-forwarded-for': `10.${client >> 16}.${(client >> 8) & 255}.${client & 255}` };
		return send({ port, agent, method, path, headers });
	};
	const routes = pathsOf(app.printRoutes({ commonPrefix: false })).flatMap((url) =>
		METHODS.filter((method) => app.hasRoute({ method, url })).map((method) => ({ method, url })),
	);
	expect(routes.length).toBeGreaterThan(50);
	for (const { method, url } of routes) {
		const path = url.replace(':id', 'x').replace('*', 'fake');
		const spellings = [
			path,
			`${path}/`,
			`/${path}`,
			`/x/..${path}`,
			`/livez/..${path}`,
			`/livez${path}`,
			`/livez%2F..${path}`,
			`/${path.slice(1).replaceAll('/', '%2F')}`,
			`${path}?key=${KEY}`,
			`${path}#/livez`,
			`${path};/livez`,
			path.toUpperCase(),
			`${path}%00`,
			`http://localhost${path}`,
		];
		const answers = spellings.map(async (spelling) => {
			const isPublic = PUBLIC.some((open) =>
				[open, `${open}/`].includes(spelling.replace(/^http:..localhost|[?#].*$/g, '')),
			);
			const status = await statusOf(method, spelling);
			expect([method, spelling, isPublic ? 'public' : status]).toEqual([method, spelling, isPublic ? 'public' : 401]);
		});
		await Promise.all(answers);
	}
	agent.destroy();
	expect(worker.received).toEqual([]);
});

const METHODS = ['GET', 'HEAD', 'POST', 'PUT', 'PATCH', 'DELETE', 'OPTIONS'] as const;

/** Node's own client, since it sends the path as it is. */
async function send(options: RequestOptions): Promise<number> {
	const sent = request(options).end();
	// `response` brings one IncomingMessage; the types of once cannot tell.
	const [response] = (await once(sent, 'response')) as [IncomingMessage];
	response.resume();
	await once(response, 'end');
	return response.statusCode ?? 0;
}

test('a missing key and a wrong key are told apart, and both say how to authenticate', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const missing = await app.inject('/v1/models');
	expect([missing.statusCode, missing.headers['www-authenticate'], missing.json().error.code]).toEqual([
		401,
		'Bearer',
		null,
	]);
	const wrong = await app.inject({ url: '/v1/models', headers: bearer('sk-wrong') });
	expect([wrong.statusCode, wrong.headers['www-authenticate'], wrong.json().error.code]).toEqual([
		401,
		'Bearer',
		'invalid_api_key',
	]);
});

test.each([
	`Bearer ${KEY}x`,
	`Bearer ${KEY.slice(0, -1)}`,
	`Bearer ${KEY} ${KEY}`,
	`Basic ${Buffer.from(KEY).toString('base64')}`,
	KEY,
	'Bearer',
	'Bearer ',
	"Bearer ' OR 1=1 --",
	'Bearer __proto__',
	'Bearer {"$ne":null}',
	'Bearer constructor',
])('%j opens nothing', async (authorization) => {
	const { app } = await startGateway({ config: TWO_KEYS });
	expect((await app.inject({ url: '/v1/models', headers: { authorization } })).statusCode).toBe(401);
});

test('the scheme is read in any case', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const headers = { authorization: `bearer  ${KEY}` };
	expect((await app.inject({ url: '/v1/models', headers })).statusCode).toBe(200);
});

test('a key is asked for before a body is looked at', async () => {
	const { app } = await startGateway({ config: { ...TWO_KEYS, server: { bodyLimitBytes: 10 } } });
	for (const headers of [{ 'content-type': 'text/plain' }, { 'content-type': 'application/json' }]) {
		const response = await app.inject({
			method: 'POST',
			url: '/v1/chat/completions',
			headers,
			payload: 'x'.repeat(100),
		});
		expect(response.statusCode).toBe(401);
	}
});

test('a completion can be steered by the key that started it only', async () => {
	const gateway = await startGateway({ config: TWO_KEYS, script: thinksForever });
	const client = await gateway.client({ apiKey: KEY });
	const stream = await client.chat.completions.create({ ...CHAT, stream: true });
	for await (const chunk of stream) {
		const url = `/v1/chat/completions/${chunk.id}/end-reasoning`;
		const foreign = await gateway.app.inject({ method: 'POST', url, headers: bearer(OTHER_KEY) });
		expect(foreign.statusCode).toBe(404);
		expect(errorSchema.parse(foreign.json()).error.code).toBe('completion_not_found');
		expect((await gateway.app.inject({ method: 'POST', url, headers: bearer(KEY) })).statusCode).toBe(200);
		break;
	}
	await until(() => gateway.app.running.size === 0);
});

test('wrong keys run into a limit of their address, right ones from there do not', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const statuses = new Map<number, number>();
	for (let index = 0; index < 70; index += 1) {
		const { statusCode, headers } = await app.inject({ url: '/v1/models', headers: bearer(`junk-${index}`) });
		statuses.set(statusCode, (statuses.get(statusCode) ?? 0) + 1);
		if (statusCode === 429) expect(Number(headers['retry-after'])).toBeLessThanOrEqual(30);
	}
	expect(Object.fromEntries(statuses)).toEqual({ 401: 60, 429: 10 });
	expect((await app.inject({ url: '/v1/models', headers: bearer(KEY) })).statusCode).toBe(200);
});
