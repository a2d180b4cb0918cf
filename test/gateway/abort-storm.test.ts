import { promisify } from 'node:util';
import { expect, test } from 'vitest';
import { askAndLeave, LEAVINGS } from '../support/leaving-client.ts';
import { isIdle } from '../support/pool.ts';
import { until } from '../support/until.ts';
import { delta, START, thinkThenSay } from './support/scripts.ts';
import { CHAT, startGateway } from './support/start-gateway.ts';

const body = JSON.stringify({ ...CHAT, stream: true });

test('500 clients that leave at every stage leave nothing behind: no slot, no place in a limit, no connection', async () => {
	const gateway = await startGateway({
		config: { limits: { concurrentRequests: 40 } },
		// Never ends by itself: only a client that leaves frees the slot.
		script: async (turn) => {
			await turn.send(START, delta('answer', 'word'));
			await turn.closed;
		},
	});
	const { app, pool, worker } = gateway;
	const port = Number(new URL(await gateway.listen()).port);
	for (let wave = 0; wave < 10; wave += 1) {
		const clients = Array.from({ length: 50 }, (_, index) => askAndLeave(port, body, LEAVINGS[index % 4] ?? 'at once'));
		await Promise.all(clients);
	}
	await until(() => isIdle(pool.status()) && app.running.size === 0 && worker.running() === 0);
	const connections = promisify(app.server.getConnections.bind(app.server));
	while ((await connections()) > 0) await new Promise(setImmediate);
	worker.script = thinkThenSay('Add them.', 'It is 42.');
	// As many at once as the limit allows: not one place of it was lost.
	const answers = await Promise.all(
		Array.from({ length: 40 }, () => app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT })),
	);
	expect(answers.filter(({ statusCode }) => statusCode === 200)).toHaveLength(40);
});
