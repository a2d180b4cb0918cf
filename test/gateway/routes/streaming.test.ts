import { expect, test } from 'vitest';
import { answerHeldAt, toLines } from '../../support/fake-worker.ts';
import { isIdle } from '../../support/pool.ts';
import { until } from '../../support/until.ts';
import { delta, diesAfterAWord, eventsOf, START, thinksForever } from '../support/scripts.ts';
import { CHAT, type Gateway, startGateway } from '../support/start-gateway.ts';

const STREAM = { ...CHAT, stream: true as const };
type Chunk = { delta: { content?: string; reasoning_content?: string } };

async function streamText(gateway: Gateway, body: unknown = STREAM) {
	const response = await gateway.app.inject({
		method: 'POST',
		url: '/v1/chat/completions',
		payload: JSON.stringify(body),
		headers: { 'content-type': 'application/json' },
	});
	return response;
}

test('the bytes of a stream are exactly these', async () => {
	const gateway = await startGateway();
	const response = await streamText(gateway, {
		...STREAM,
		stream_options: { include_usage: true },
		reasoning: { max_tokens: 100 },
	});
	expect(response.statusCode).toBe(200);
	expect(response.headers).toMatchObject({
		'content-type': 'text/event-stream; charset=utf-8',
		'cache-control': 'no-cache, no-transform',
		'x-accel-buffering': 'no',
	});
	expect(response.headers['x-request-id']).toMatch(/^req_[0-9a-f]{24}$/);
	expect(response.headers).not.toHaveProperty('content-length');
	const [id] = /chatcmpl-[0-9a-f]{24}/.exec(response.payload) ?? [''];
	const [created] = /"created":\d+/.exec(response.payload) ?? [''];
	const golden = response.payload.replaceAll(id, 'ID').replaceAll(created, '"created":0');
	const head =
		'"object":"chat.completion.chunk","created":0,"model":"fake","system_fingerprint":"retort-0.0.0-ffffffff"';
	const line = (rest: string) => `data: {"id":"ID",${head},${rest}}\n\n`;
	const choice = (deltaJson: string, finish = 'null') =>
		`"choices":[{"index":0,"delta":${deltaJson},"logprobs":null,"finish_reason":${finish}}],"usage":null`;
	expect(golden).toBe(
		[
			line(choice('{"role":"assistant","content":""}')),
			line(choice('{"reasoning_content":"Add "}')),
			line(choice('{"reasoning_content":"them."}')),
			line(choice('{"content":"It "}')),
			line(choice('{"content":"is "}')),
			line(choice('{"content":"42."}')),
			line(`${choice('{}', '"stop"')},"reasoning_status":{"state":"complete","tokens":2,"ms":1,"budget_tokens":100}`),
			line(
				'"choices":[],"usage":{"prompt_tokens":10,"completion_tokens":6,"total_tokens":16,"prompt_tokens_details":{"cached_tokens":4,"audio_tokens":0},"completion_tokens_details":{"reasoning_tokens":3,"audio_tokens":0,"accepted_prediction_tokens":0,"rejected_prediction_tokens":0},"prompt_cache_hit_tokens":4,"prompt_cache_miss_tokens":6}',
			),
			'data: [DONE]\n\n',
		].join(''),
	);
});

test('a worker that dies mid-stream becomes one error frame, and never a clean end', async () => {
	const gateway = await startGateway({ script: diesAfterAWord });
	const client = await gateway.client();
	let seen = '';
	const read = async () => {
		for await (const chunk of await client.chat.completions.create(STREAM))
			seen += chunk.choices[0]?.delta.content ?? '';
	};
	await expect(read()).rejects.toMatchObject({ code: 'worker_crashed', type: 'server_error' });
	expect(seen).toBe('So ');
	const raw = await streamText(gateway);
	expect(raw.payload).toMatch(
		/data: \{"error":\{"message":".*","type":"server_error","param":null,"code":"worker_crashed"\}\}\n\n$/,
	);
	expect(raw.payload).not.toContain('[DONE]');
	expect(gateway.worker.running()).toBe(0);
});

test('a worker whose stream ends politely without an end is an error too', async () => {
	const gateway = await startGateway({
		script: async (turn) => {
			await turn.send(START, delta('answer', 'So '));
			turn.end();
		},
	});
	const raw = await streamText(gateway);
	expect(raw.payload).toContain('"code":"worker_crashed"');
	expect(raw.payload).not.toContain('[DONE]');
});

// That every other byte of a line is as good as these is http-worker.test.ts' affair.
test('a reply that is reset anywhere is a prefix and an error frame, or whole: never half a frame, never a clean end', async () => {
	const bytes = Buffer.from(toLines(eventsOf('So.', 'It is.')));
	const lineEnds = [...bytes].flatMap((byte, at) => (byte === 0x0a ? [at] : []));
	const cuts = [0, ...lineEnds.flatMap((at) => [at - 9, at, at + 1])];
	let cut = 0;
	const gateway = await startGateway({
		script: async (turn) => {
			await turn.sendRaw(bytes.subarray(0, cut));
			turn.reset();
		},
	});
	const whole = ['So.', 'It ', 'is.'];
	for (cut of cuts) {
		const seen = gateway.worker.received.length;
		let answer = await streamText(gateway);
		// Whoever broke a stream gets no work until it has answered for its health.
		while (gateway.worker.received.length === seen) answer = await streamText(gateway);
		const { statusCode, payload } = answer;
		if (statusCode !== 200) {
			// Nobody is there to run it again.
			expect([statusCode, JSON.parse(payload).error.code]).toEqual([503, 'overloaded']);
			continue;
		}
		const frames = payload.split('\n\n').filter((frame) => frame.startsWith('data: {'));
		const values = frames.map((frame) => JSON.parse(frame.slice('data: '.length)));
		const texts = values.flatMap(({ choices = [] }) =>
			choices.map(({ delta }: Chunk) => delta.reasoning_content ?? delta.content),
		);
		const said = texts.filter((text) => typeof text === 'string' && text !== '');
		expect(said).toEqual(whole.slice(0, said.length));
		const isWhole = payload.endsWith('data: [DONE]\n\n');
		if (isWhole) expect([cut, said.length]).toEqual([bytes.length, whole.length]);
		else expect([cut, values.at(-1)]).toMatchObject([cut, { error: { type: 'server_error' } }]);
	}
	expect(isIdle(gateway.pool.status())).toBe(true);
});

test('what a worker refuses before it begins is a status, streamed or not', async () => {
	const gateway = await startGateway({ script: (turn) => turn.fail(400, 'context_length_exceeded', 'Too long.') });
	for (const stream of [true, false]) {
		const response = await streamText(gateway, { ...CHAT, stream });
		expect(response.statusCode).toBe(400);
		expect(response.json()).toEqual({
			error: { message: 'Too long.', type: 'invalid_request_error', param: null, code: 'context_length_exceeded' },
		});
	}
});

test('a stop string ends the stream with stop and frees the slot, although the model would go on', async () => {
	const gateway = await startGateway({
		script: async (turn) => {
			await turn.send(START, delta('answer', 'one two '));
			await turn.closed;
		},
	});
	const client = await gateway.client();
	const completion = await client.chat.completions.create({ ...CHAT, stop: 'two' });
	expect(completion.choices[0]).toMatchObject({ finish_reason: 'stop', message: { content: 'one ' } });
	await until(() => gateway.worker.running() === 0);
	expect(gateway.pool.status().workers[0]?.busySlots).toBe(0);
});

test('comments bridge the silence, and clients read past them', async () => {
	const { script, release } = answerHeldAt(1, 2);
	const gateway = await startGateway({ script, config: { server: { heartbeatSeconds: 0.02 } } });
	const url = await gateway.listen();
	const response = await fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(STREAM),
	});
	let text = '';
	const decoder = new TextDecoder();
	for await (const bytes of response.body ?? []) {
		text += decoder.decode(bytes, { stream: true });
		if ((text.match(/: answer 1\n\n/g) ?? []).length >= 2) release();
	}
	expect(text).toMatch(/"t0 "[^\n]*\n\n(: answer 1\n\n){2,}data: .*"t1 "/s);
	expect(text.endsWith('data: [DONE]\n\n')).toBe(true);
});

test('a thought can be ended while it streams, by its own completion id', async () => {
	const gateway = await startGateway({ script: thinksForever });
	const client = await gateway.client();
	const stream = await client.chat.completions.create(STREAM);
	let id = '';
	for await (const chunk of stream) {
		id = chunk.id;
		const ended = await gateway.app.inject({ method: 'POST', url: `/v1/chat/completions/${id}/end-reasoning` });
		expect(ended.json()).toEqual({ id, ended: true });
		break;
	}
	expect(gateway.worker.endedPhases).toEqual([id]);
	await until(() => gateway.app.running.size === 0);
	const late = await gateway.app.inject({ method: 'POST', url: `/v1/chat/completions/${id}/end-reasoning` });
	expect(late.statusCode).toBe(404);
});

test('streamed and whole say the same', async () => {
	const gateway = await startGateway();
	const whole = (await streamText(gateway, CHAT)).json();
	const frames = (await streamText(gateway)).payload.split('\n\n').filter((frame) => frame.startsWith('data: {'));
	const text = { reasoning_content: '', content: '' };
	for (const frame of frames) {
		const piece = JSON.parse(frame.slice('data: '.length)).choices[0].delta;
		text.reasoning_content += piece.reasoning_content ?? '';
		text.content += piece.content ?? '';
	}
	expect(whole.choices[0].message).toMatchObject(text);
});
