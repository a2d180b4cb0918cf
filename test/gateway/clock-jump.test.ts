import { afterEach, expect, test, vi } from 'vitest';
import { answerHeldAt } from '../support/fake-worker.ts';
import { isIdle } from '../support/pool.ts';
import { until } from '../support/until.ts';
import { CHAT, startGateway } from './support/start-gateway.ts';

afterEach(() => {
	vi.useRealTimers();
});

test('a clock that jumps by years, either way, ends no stream, no wait, no count and nothing that is kept', async () => {
	const held = answerHeldAt(2, 4);
	const limits = { requestsPerMinute: 6 };
	const gateway = await startGateway({ script: held.script, slots: 1, config: { limits } });
	const { app, pool, worker } = gateway;
	const post = (url: string, payload: object) => app.inject({ method: 'POST', url, payload });
	vi.useFakeTimers({ toFake: ['Date'], now: new Date('2030-01-01') });
	const running = post('/v1/chat/completions', { ...CHAT, stream: true });
	await until(() => worker.running() === 1);
	const waiting = post('/v1/responses', { model: 'fake', input: 'Still there?' });
	await until(() => pool.status().queueLength === 1);
	for (const year of ['2099-06-01', '1971-01-01', '2040-01-01']) {
		vi.setSystemTime(new Date(year));
		// A few turns, in which whatever looks at the clock could act.
		for (let turn = 0; turn < 50; turn += 1) await new Promise(setImmediate);
	}
	expect([worker.running(), pool.status().queueLength]).toEqual([1, 1]);
	held.release();
	expect((await running).payload).toMatch(/data: \[DONE\]\n\n$/);
	const kept = (await waiting).json();
	expect(kept.status).toBe('completed');
	vi.setSystemTime(new Date('2099-06-01'));
	expect((await app.inject({ url: `/v1/responses/${kept.id}` })).json()).toMatchObject({ id: kept.id });
	// Six a minute were allowed, and three are gone in the same minute, whatever year it says.
	const more = await Promise.all(Array.from({ length: 5 }, () => app.inject('/v1/models')));
	expect(more.map(({ statusCode }) => statusCode)).toEqual([200, 200, 200, 429, 429]);
	await until(() => isIdle(pool.status()));
});
