import { expect, test } from 'vitest';
import { until } from '../support/until.ts';
import { thinksForever } from './support/scripts.ts';
import { bearer, CHAT, KEY, startGateway, TWO_KEYS } from './support/start-gateway.ts';

test('a generation shows in tokens, times and outcomes of its model', async () => {
	const { app } = await startGateway();
	await app.inject({
		method: 'POST',
		url: '/v1/chat/completions',
		payload: CHAT,
		headers: { 'x-stainless-retry-count': '1' },
	});
	const { payload, headers } = await app.inject('/metrics');
	expect(headers['content-type']).toMatch(/^text\/plain/);
	for (const line of [
		'retort_requests_total{route="/v1/chat/completions",status="200",model="fake"} 1',
		'retort_client_retries_total{route="/v1/chat/completions"} 1',
		'retort_generations_total{model="fake",outcome="completed"} 1',
		'retort_queue_wait_seconds_count{model="fake"} 1',
		'retort_time_to_first_token_seconds_count{model="fake"} 1',
		'retort_time_to_first_answer_token_seconds_count{model="fake"} 1',
		'retort_inter_token_seconds_count{model="fake"} 4',
		'retort_prompt_tokens_total{model="fake"} 10',
		'retort_cached_tokens_total{model="fake"} 4',
		'retort_completion_tokens_total{model="fake"} 6',
		'retort_reasoning_tokens_total{model="fake",key="none"} 3',
		'retort_answer_tokens_total{model="fake",key="none"} 3',
		'retort_thinking_seconds_total{model="fake",key="none"} 0.001',
		'retort_thoughts_total{model="fake",key="none",end="closed"} 1',
		'retort_queue_length 0',
	])
		expect(payload).toContain(`${line}\n`);
	expect(payload).toMatch(/retort_slots\{model="fake",worker="[^"]+"\} 4\n/);
	expect(payload).toMatch(/retort_worker_state\{model="fake",worker="[^"]+",state="ready"\} 1\n/);
	expect(payload).toMatch(/retort_worker_restarts\{model="fake",worker="[^"]+"\} 0\n/);
});

test('busy slots and the queue are read when asked', async () => {
	const gateway = await startGateway({ script: thinksForever, slots: 1 });
	const client = await gateway.client();
	const stream = await client.chat.completions.create({ ...CHAT, stream: true });
	const abort = new AbortController();
	const queued = client.chat.completions.create(CHAT, { signal: abort.signal }).catch(() => null);
	await until(() => gateway.pool.status().queueLength === 1);
	const { payload } = await gateway.app.inject('/metrics');
	expect(payload).toContain('retort_queue_length 1\n');
	expect(payload).toMatch(/retort_slots_busy\{[^}]*\} 1\n/);
	abort.abort();
	await queued;
	for await (const _chunk of stream) break;
	await until(() => gateway.app.running.size === 0);
	expect((await gateway.app.inject('/metrics')).payload).toContain(
		'retort_generations_total{model="fake",outcome="client-left"} 2\n',
	);
});

test('made-up paths, models and ids make no more series than one of each', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const hit = async (name: string) => {
		await app.inject({ url: `/v1/${name}`, headers: bearer(KEY) });
		await app.inject({ url: `/v1/models/${name}`, headers: bearer(KEY) });
		await app.inject({ method: 'POST', url: `/v1/chat/completions/${name}/end-reasoning`, headers: bearer(KEY) });
		const headers = { ...bearer(KEY), 'x-request-id': name, 'x-stainless-retry-count': name };
		await app.inject({ method: 'POST', url: '/v1/chat/completions', headers, payload: { ...CHAT, model: name } });
	};
	const series = async () => (await app.inject({ url: '/metrics', headers: bearer(KEY) })).payload.split('\n').length;
	await hit('first');
	await series();
	const before = await series();
	for (let index = 0; index < 500; index += 1) await hit(`made-up-${index}`);
	expect(await series()).toBe(before);
});

test('metrics stand behind a key where there are keys', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	expect((await app.inject('/metrics')).statusCode).toBe(401);
});

test("the same is told under vLLM's names where it is asked for", async () => {
	const told = async (vllmNames: boolean) => {
		const { app } = await startGateway({ config: { metrics: { vllmNames } } });
		await app.inject({ method: 'POST', url: '/v1/chat/completions', payload: CHAT });
		return (await app.inject('/metrics')).payload;
	};
	expect(await told(false)).not.toContain('vllm:');
	const payload = await told(true);
	for (const line of [
		'vllm:num_requests_running{model_name="fake"} 0',
		'vllm:num_requests_waiting{model_name="fake"} 0',
		'vllm:kv_cache_usage_perc{model_name="fake"} 0',
		'vllm:prompt_tokens_total{model_name="fake"} 10',
		'vllm:generation_tokens_total{model_name="fake"} 6',
	])
		expect(payload).toContain(line);
});
