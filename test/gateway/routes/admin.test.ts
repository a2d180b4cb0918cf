import { describe, expect, it } from 'vitest';
import { poolReportSchema, workerReportSchema } from '../../../src/protocol/admin-api.ts';
import { until } from '../../support/until.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { bearer, CHAT, KEY, OTHER_KEY, sha256, startGateway } from '../support/start-gateway.ts';

const ADMIN_KEY = 'sk-admin-0123456789';
const KEYS = [
	{ id: 'one', sha256: sha256(KEY) },
	{ id: 'ops', sha256: sha256(ADMIN_KEY), admin: true },
];

describe('/admin', () => {
	it('shows an admin key the pool, with what its workers have done', async () => {
		const { app, worker } = await startGateway({ config: { keys: KEYS } });
		await app.inject({ method: 'POST', url: '/v1/chat/completions', headers: bearer(KEY), payload: CHAT });
		const response = await app.inject({ url: '/admin/pool', headers: bearer(ADMIN_KEY) });
		const report = poolReportSchema.parse(response.json());
		expect(report.models).toEqual([{ id: 'fake', aliases: ['user/repo:Q4_K_M'], state: 'ready' }]);
		expect(report.workers).toEqual([
			expect.objectContaining({ id: worker.endpoint, model: 'fake', state: 'ready', slots: 4, busy_slots: 0 }),
		]);
		expect(report.workers[0]).toMatchObject({ cached_share: 0.4, completion_tokens: 6, restarts: 0 });
	});

	it.each([
		['GET', '/admin/pool'],
		['POST', '/admin/drain'],
		['POST', '/admin/undrain'],
		['POST', '/admin/restart'],
	] as const)('refuses %s %s to every other key', async (method, url) => {
		const { app, pool } = await startGateway({ config: { keys: KEYS } });
		const payload = method === 'POST' ? { worker: pool.status().workers[0]?.id ?? '' } : undefined;
		const refused = await app.inject({ method, url, headers: bearer(KEY), ...(payload ? { payload } : {}) });
		expect([refused.statusCode, errorSchema.parse(refused.json()).error.code]).toEqual([403, 'admin_only']);
		expect((await app.inject({ method, url, headers: bearer(OTHER_KEY) })).statusCode).toBe(401);
		expect(pool.status().workers).toEqual([expect.objectContaining({ state: 'ready', isDrained: false })]);
	});

	it('is open to this machine alone where there are no keys', async () => {
		const { app } = await startGateway({ config: { server: { host: '0.0.0.0', insecure: true } } });
		const statusFrom = async (remoteAddress: string, headers = {}) =>
			(await app.inject({ url: '/admin/pool', remoteAddress, headers })).statusCode;
		expect(await statusFrom('127.0.0.1')).toBe(200);
		expect(await statusFrom('::1')).toBe(200);
		expect(await statusFrom('::ffff:127.0.0.1')).toBe(200);
		expect(await statusFrom('10.0.0.9')).toBe(403);
		expect(await statusFrom('127.0.0.1', { 'x-forwarded-for': '10.0.0.9' })).toBe(403);
	});

	it('drains, undrains and restarts the worker that is named', async () => {
		const { app, worker, pool } = await startGateway();
		const operate = async (verb: string, name = worker.endpoint) =>
			app.inject({ method: 'POST', url: `/admin/${verb}`, payload: { worker: name } });
		expect(workerReportSchema.parse((await operate('drain')).json())).toMatchObject({ drained: true });
		const chat = { method: 'POST', url: '/v1/chat/completions', payload: CHAT } as const;
		expect((await app.inject(chat)).statusCode).toBe(503);
		expect((await operate('undrain')).json()).toMatchObject({ drained: false });
		expect((await app.inject(chat)).statusCode).toBe(200);
		await operate('restart');
		await until(() => pool.status().workers.every(({ launches, state }) => launches === 2 && state === 'ready'));
		const unknown = await operate('drain', 'no-such');
		expect([unknown.statusCode, unknown.json().error]).toEqual([
			404,
			expect.objectContaining({ code: 'worker_not_found', param: 'worker' }),
		]);
		const unnamed = await app.inject({ method: 'POST', url: '/admin/drain', payload: {} });
		expect([unnamed.statusCode, unnamed.json().error.param]).toEqual([400, 'worker']);
	});
});
