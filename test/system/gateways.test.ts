import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, expect, it, onTestFinished } from 'vitest';
import { startFakeRedis } from '../support/fake-redis.ts';
import { isAlive, type RetortServer, runRetort, startRetort } from '../support/retort-server.ts';
import {
	endlessQuestion,
	type StreamOptions,
	type StreamOutcome,
	streamChat,
	sumQuestion,
} from '../support/stream-chat.ts';

let server: RetortServer | null = null;

afterEach(async () => {
	await server?.stop();
	server = null;
});

/** Process ids of the gateways that were started, in order. */
function gatewayPids({ logs }: RetortServer): number[] {
	return logs()
		.filter(({ msg }) => msg === 'gateway started')
		.map(({ pid }) => Number(pid));
}

/** Sent again where fetch had kept a connection to the gateway that was killed. */
async function streamAgain(url: string, body: object, options: StreamOptions = {}): Promise<StreamOutcome> {
	const outcome = await streamChat(url, body, options);
	return outcome.status === 0 ? streamChat(url, body, options) : outcome;
}

/** The stream holds its own connection, so these requests come to any of the processes. */
async function endsItsThoughtAtAny(url: string): Promise<void> {
	const stream = await fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ stream: true, ...endlessQuestion(2000) }),
	});
	const chunks = stream.body?.pipeThrough(new TextDecoderStream()).getReader();
	const [id = ''] = /chatcmpl-[0-9a-f]+/.exec((await chunks?.read())?.value ?? '') ?? [];
	const endReasoning = (name: string) => fetch(`${url}/v1/chat/completions/${name}/end-reasoning`, { method: 'POST' });
	const ends = await Promise.all([1, 2, 3, 4].map(() => endReasoning(id)));
	expect(ends.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
	expect((await endReasoning('chatcmpl-0')).status).toBe(404);
	await chunks?.cancel();
}

it('two gateways share a port and a worker: one that is killed is replaced, and a drain finishes what runs', async () => {
	server = await startRetort(['--gateways', '2', '--slots', '2']);
	const { url, process: parent, exited, workerPids } = server;
	const answers = await Promise.all(Array.from({ length: 8 }, (_, index) => streamChat(url, sumQuestion(index, 2))));
	for (const answer of answers) expect(answer).toMatchObject({ status: 200, sawDone: true, error: null });
	const response_format = { type: 'json_schema', json_schema: { name: 'bound', schema: { const: 'bound' } } };
	const bound = await streamChat(url, { ...sumQuestion(1, 2), response_format });
	expect(bound).toMatchObject({ status: 200, sawDone: true, content: '"bound"' });

	const [first = 0] = gatewayPids(server);
	process.kill(first, 'SIGKILL');
	await expect.poll(() => server && gatewayPids(server).length, { timeout: 10_000 }).toBe(3);
	const after = await Promise.all(Array.from({ length: 4 }, (_, index) => streamAgain(url, sumQuestion(index, 3))));
	for (const answer of after) expect(answer).toMatchObject({ status: 200, sawDone: true, error: null });
	const text = await (await fetch(`${url}/metrics`)).text();
	expect(text).toMatch(/^retort_slots\{.*\} 2$/m);
	expect(text).toMatch(/^retort_slots_busy\{.*\} 0$/m);

	await endsItsThoughtAtAny(url);

	let tellBegun = () => {};
	const begun = new Promise<void>((resolve) => {
		tellBegun = resolve;
	});
	const stream = streamAgain(url, endlessQuestion(400), { onText: () => tellBegun() });
	await Promise.race([begun, stream]);
	parent.kill('SIGTERM');
	expect(await stream).toMatchObject({ finishReason: 'length', sawDone: true, error: null });
	expect(await exited).toEqual({ code: 0, signal: null });
	expect([...gatewayPids(server), ...workerPids().values()].filter(isAlive)).toEqual([]);
});

it('with Redis a kept response and an Idempotency-Key are of all processes, which end with their parent', async () => {
	const redis = await startFakeRedis();
	const folder = mkdtempSync(join(tmpdir(), 'retort-gateways-'));
	onTestFinished(async () => {
		rmSync(folder, { recursive: true });
		await redis.close();
	});
	const config = join(folder, 'retort.json');
	// A busy machine gets the time that it needs.
	writeFileSync(config, JSON.stringify({ redis: { url: redis.url, timeoutMs: 1000 } }));
	server = await startRetort(['--gateways', '2', '--config', config]);
	/** Each tells with its id that it is there. */
	const heard = () =>
		new Set(redis.asked.filter((words) => words.includes('retort:gateways')).map((words) => words[5]));
	await expect.poll(() => heard().size, { timeout: 20_000 }).toBe(2);
	const { url } = server;
	/** Over a connection of its own: the processes take turns. What is asked of a path is one question. */
	const ask = async (path: string, body?: object) => {
		const headers = { connection: 'close', 'content-type': 'application/json', 'idempotency-key': path };
		const post = { method: 'POST', body: JSON.stringify(body) };
		const response = await fetch(url + path, { headers, ...(body === undefined ? {} : post) });
		return { status: response.status, id: JSON.parse(await response.text()).id };
	};
	const question = { ...sumQuestion(1, 2), max_tokens: 60 };
	const first = await ask('/v1/chat/completions', question);
	const answers = [first, ...(await Promise.all([1, 2, 3, 4].map(() => ask('/v1/chat/completions', question))))];
	expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 200]);
	expect(new Set(answers.map(({ id }) => id)).size).toBe(1);
	const kept = await ask('/v1/responses', { model: 'pocket-reasoner', input: 'What is 1+2?', max_output_tokens: 60 });
	const found = await Promise.all(Array.from({ length: 8 }, () => ask(`/v1/responses/${kept.id}`)));
	expect(found).toEqual(found.map(() => ({ status: 200, id: kept.id })));

	server.process.kill('SIGKILL');
	await server.exited;
	const pids = gatewayPids(server);
	expect(pids).toHaveLength(2);
	await expect.poll(() => pids.filter(isAlive), { timeout: 5000 }).toEqual([]);
}, 120_000);

it('says once that the port is taken, and how to go on', async () => {
	const taken = createServer().listen(0, '127.0.0.1');
	await new Promise((resolve) => taken.once('listening', resolve));
	const address = taken.address();
	const port = typeof address === 'object' && address !== null ? address.port : 0;
	const { exited, stderr } = runRetort(['--gateways', '2', '--port', String(port)]);
	expect((await exited).code).toBe(2);
	expect(stderr().match(/is in use: stop what listens there, or choose another with --port/g)).toHaveLength(1);
	taken.close();
});
