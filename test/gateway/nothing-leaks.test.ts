import { expect, test } from 'vitest';
import { delta, diesAfterAWord, START, thinkThenSay } from './support/scripts.ts';
import { bearer, CHAT, KEY, OTHER_KEY, startGateway, TWO_KEYS } from './support/start-gateway.ts';

/** Words that only a prompt, an answer or a header brings in. */
const MARKER = 'MARKERzebra7';
const ANSWER = 'ANSWERyak9';
const THOUGHT = 'THOUGHTgnu5';

test('prompts, answers, thoughts and keys are in no log line, metric or error, whatever goes wrong', async () => {
	const gateway = await startGateway({
		// A request that lost its worker waits so long for another one, of which there is none here.
		config: { ...TWO_KEYS, queue: { deadlineSeconds: 0.1 } },
		script: thinkThenSay(`${THOUGHT} a`, `${ANSWER} b`),
	});
	const { app, worker } = gateway;
	const url = '/v1/chat/completions';
	const chat = { ...CHAT, messages: [{ role: 'user', content: MARKER }], user: MARKER };
	const json = { ...bearer(KEY), 'content-type': 'application/json' };
	const post = (payload: unknown, headers: Record<string, string> = json, path = url) =>
		app.inject({
			method: 'POST',
			url: path,
			headers,
			payload: typeof payload === 'string' ? payload : JSON.stringify(payload),
		});
	const strangeId = { ...json, 'x-request-id': `${MARKER} \u2028` };
	const answered = [await post(chat), await post({ ...chat, stream: true }), await post(chat, strangeId)];
	expect(answered.map((response) => response.statusCode)).toEqual([200, 200, 200]);
	expect(answered[0]?.payload).toContain(ANSWER);

	const failed = [
		await post(`{"messages": "${MARKER}`),
		await post({ ...chat, temperature: 9 }),
		await post({ ...chat, messages: [{ role: 'user', content: [{ type: 'image_url', image_url: { url: MARKER } }] }] }),
		await post(chat, { ...json, 'content-encoding': 'gzip' }),
		await post(chat, { 'content-type': 'application/json', authorization: `Bearer ${MARKER}` }),
		await post(chat, json, `/v1/${KEY}`),
	];
	worker.script = diesAfterAWord;
	failed.push(await post(chat), await post({ ...chat, stream: true }));
	worker.script = async (turn) => {
		await turn.send(START, delta('answer', ANSWER));
		await turn.sendRaw(`{"type":"${MARKER}"}\n`);
	};
	failed.push(await post(chat));
	worker.script = (turn) => turn.fail(500, 'boom', MARKER);
	failed.push(await post(chat));

	const metrics = await app.inject({ url: '/metrics', headers: bearer(OTHER_KEY) });
	expect(metrics.statusCode).toBe(200);
	const health = await app.inject('/health');
	const told = [gateway.logged(), metrics.payload, health.payload].join('\n');
	expect(told).toContain('"keyId":"one"');
	for (const secret of [MARKER, ANSWER, THOUGHT, KEY, OTHER_KEY, 'What is 17+25?']) expect(told).not.toContain(secret);
	for (const response of failed) {
		const echoed = response.payload.replaceAll(`/v1/${KEY}`, '');
		for (const secret of [MARKER, THOUGHT, KEY]) expect(echoed).not.toContain(secret);
	}
});

test('every log line is one line of JSON, whatever a client puts into paths, ids and headers', async () => {
	const gateway = await startGateway();
	const hostile = 'a%0d%0a%7B%22level%22%3A60%7D%1b%5B31m%E2%80%A8';
	for (const url of [`/v1/${hostile}`, `/v1/models/${hostile}`, `/v1/chat/completions/${hostile}/end-reasoning`]) {
		await gateway.app.inject({ method: 'POST', url, headers: { 'user-agent': 'x\u001b[31m' } });
	}
	await gateway.app.inject({
		method: 'POST',
		url: '/v1/chat/completions',
		payload: { ...CHAT, model: 'a\r\n{"level":60}' },
	});
	const lines = gateway.logged().trimEnd().split('\n');
	expect(lines.length).toBeGreaterThanOrEqual(4);
	for (const line of lines) expect(JSON.parse(line)).toMatchObject({ level: expect.any(Number) });
	expect(gateway.logged()).not.toMatch(/%0d|\\u001b|\u2028/i);
});

test('one info line at the start and one at the end of a generation, with what it took', async () => {
	const gateway = await startGateway({ config: TWO_KEYS });
	await gateway.app.inject({ method: 'POST', url: '/v1/chat/completions', headers: bearer(KEY), payload: CHAT });
	const lines = gateway
		.logged()
		.trimEnd()
		.split('\n')
		.map((line) => JSON.parse(line));
	const started = lines.filter((line) => line.msg === 'generation started');
	const ended = lines.filter((line) => line.msg === 'generation ended');
	expect(started).toMatchObject([{ level: 30, keyId: 'one', model: 'fake', stream: false }]);
	expect(ended).toMatchObject([
		{
			level: 30,
			requestId: started[0].requestId,
			completionId: started[0].completionId,
			outcome: 'completed',
			promptTokens: 10,
			cachedTokens: 4,
			completionTokens: 6,
			reasoningTokens: 3,
		},
	]);
	expect(lines.filter((line) => line.level === 30 && line.requestId === started[0].requestId)).toHaveLength(2);
	expect(ended[0].firstTokenMs).toBeTypeOf('number');
});
