import type { InjectOptions } from 'fastify';
import type OpenAI from 'openai';
import { describe, expect, test } from 'vitest';
import { until } from '../../support/until.ts';
import { errorSchema } from '../support/error-envelope.ts';
import { startRecording } from '../support/recorded-asks.ts';
import { thinksForever } from '../support/scripts.ts';
import { bearer, type Gateway, KEY, OTHER_KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const ASK = { model: 'fake', input: 'What is 17+25?' };

async function post(gateway: Gateway, payload: object, headers: InjectOptions['headers'] = {}) {
	return gateway.app.inject({ method: 'POST', url: '/v1/responses', payload, headers });
}

test('the official client reads, lists and deletes what is kept', async () => {
	const client = await (await startGateway()).client();
	const { id, output } = await client.responses.create({ ...ASK, instructions: 'Be brief.' });
	expect(await client.responses.retrieve(id)).toMatchObject({ id, status: 'completed', output });
	const items = [];
	for await (const item of client.responses.inputItems.list(id)) items.push(item);
	expect(items).toMatchObject([
		{ type: 'message', role: 'user', content: [{ type: 'input_text', text: 'What is 17+25?' }] },
	]);
	await client.responses.delete(id);
	await expect(client.responses.retrieve(id)).rejects.toMatchObject({ status: 404 });
	await expect(client.responses.delete(id)).rejects.toMatchObject({ status: 404 });
});

test('the list of input items refuses what it cannot page by', async () => {
	const gateway = await startGateway();
	const { id } = (await post(gateway, ASK)).json();
	const url = `/v1/responses/${id}/input_items`;
	for (const query of ['limit=0', 'limit=101', 'limit=x', 'order=up']) {
		expect((await gateway.app.inject(`${url}?${query}`)).statusCode).toBe(400);
	}
	const { data, last_id: last } = (await gateway.app.inject(`${url}?limit=1`)).json();
	expect(data).toHaveLength(1);
	expect((await gateway.app.inject(`${url}?after=${last}`)).json()).toMatchObject({ data: [], has_more: false });
});

describe('a conversation', () => {
	test('goes on from previous_response_id, without the thought and without the old instructions', async () => {
		const { gateway, asked } = await startRecording();
		const client = await gateway.client();
		const first = await client.responses.create({ ...ASK, instructions: 'Be brief.' });
		const second = await client.responses.create({
			model: 'fake',
			input: 'And 1 more?',
			previous_response_id: first.id,
		});
		expect(second.previous_response_id).toBe(first.id);
		expect(asked.at(-1)?.prompt).toBe(
			'<｜begin▁of▁sentence｜><｜User｜>What is 17+25?<｜Assistant｜>It is 42.<｜end▁of▁sentence｜><｜User｜>And 1 more?<｜Assistant｜><think>\n',
		);
		await client.responses.delete(first.id);
		const items = await client.responses.inputItems.list(second.id, { order: 'asc', limit: 2 });
		expect(items.data.map((item) => item.type)).toEqual(['message', 'reasoning']);
		expect(items.has_more).toBe(true);
		const third = await client.responses.create({ model: 'fake', input: 'Why?', previous_response_id: second.id });
		expect(third.status).toBe('completed');
	});

	test('a streamed response is kept before its last event is out', async () => {
		const gateway = await startGateway();
		const client = await gateway.client();
		let id = '';
		for await (const event of await client.responses.create({ ...ASK, stream: true })) {
			if (event.type !== 'response.completed') continue;
			id = event.response.id;
			expect((await client.responses.retrieve(id)).status).toBe('completed');
		}
		expect(id).not.toBe('');
	});

	test('items are named instead of sent again', async () => {
		const { gateway, asked } = await startRecording();
		const { output } = (await post(gateway, ASK)).json();
		const input = [
			{ role: 'user', content: 'What is 17+25?' },
			...output.map(({ id }: { id: string }) => ({ type: 'item_reference', id })),
			{ role: 'user', content: 'And 1 more?' },
		];
		expect((await post(gateway, { model: 'fake', input })).statusCode).toBe(200);
		expect(asked.at(-1)?.prompt).toContain('<｜Assistant｜>It is 42.<｜end▁of▁sentence｜><｜User｜>And 1 more?');
	});

	test.each([
		[400, 'previous_response_not_found', 'previous_response_id', { previous_response_id: 'resp_nope' }],
		[404, null, 'input[0].id', { input: [{ type: 'item_reference', id: 'msg_nope' }] }],
	])('what is not kept is a %i', async (status, code, param, fields) => {
		const gateway = await startGateway();
		const response = await post(gateway, { ...ASK, ...fields });
		expect(response.statusCode).toBe(status);
		expect(errorSchema.parse(response.json()).error).toMatchObject({ code, param });
	});

	test('a thought that is not kept any more is not missed', async () => {
		const gateway = await startGateway();
		const input = [
			{ type: 'item_reference', id: 'rs_gone' },
			{ role: 'user', content: 'hi' },
		];
		expect((await post(gateway, { model: 'fake', input })).statusCode).toBe(200);
	});

	test.each([
		['store: false', {}, { store: false }],
		['a server that keeps none', { responses: { maxEntries: 0 } }, {}],
	])('%s: nothing is kept, and the response says so', async (_, config, fields) => {
		const gateway = await startGateway({ config });
		const { id, store } = (await post(gateway, { ...ASK, ...fields })).json();
		expect(store).toBe(false);
		expect((await gateway.app.inject(`/v1/responses/${id}`)).statusCode).toBe(404);
	});

	test('belongs to the key that began it', async () => {
		const gateway = await startGateway({ config: TWO_KEYS });
		const { id } = (await post(gateway, ASK, bearer(KEY))).json();
		const asOther = { headers: bearer(OTHER_KEY) };
		const urls = [`/v1/responses/${id}`, `/v1/responses/${id}/input_items`];
		for (const url of urls) expect((await gateway.app.inject({ url, ...asOther })).statusCode).toBe(404);
		const cancelled = await gateway.app.inject({ method: 'POST', url: `/v1/responses/${id}/cancel`, ...asOther });
		expect(cancelled.statusCode).toBe(404);
		const deleted = await gateway.app.inject({ method: 'DELETE', url: `/v1/responses/${id}`, ...asOther });
		expect(deleted.statusCode).toBe(404);
		const next = await post(gateway, { ...ASK, previous_response_id: id }, bearer(OTHER_KEY));
		expect(next.statusCode).toBe(400);
		const own = await gateway.app.inject({ url: `/v1/responses/${id}`, headers: bearer(KEY) });
		expect(own.statusCode).toBe(200);
	});
});

describe('cancelling', () => {
	test('ends a running response, for both who ask and who read', async () => {
		const gateway = await startGateway({ script: thinksForever });
		const client = await gateway.client();
		let last: OpenAI.Responses.ResponseStreamEvent | null = null;
		for await (const event of await client.responses.create({ ...ASK, stream: true })) {
			last = event;
			if (event.type !== 'response.reasoning_summary_text.delta') continue;
			const { id } = await client.responses.retrieve(idOf(gateway));
			expect(await client.responses.cancel(id)).toMatchObject({ id, status: 'cancelled' });
		}
		expect(last).toMatchObject({ type: 'response.incomplete', response: { status: 'cancelled' } });
		expect(gateway.app.running.size).toBe(0);
		const { id } = last !== null && 'response' in last ? last.response : { id: '' };
		expect(await client.responses.retrieve(id)).toMatchObject({ status: 'cancelled', output: [{ type: 'reasoning' }] });
	});

	test('a whole response that is cancelled is answered with what it had', async () => {
		const gateway = await startGateway({ script: thinksForever });
		const client = await gateway.client();
		const answer = client.responses.create(ASK);
		await until(() => gateway.worker.received.length === 1);
		const retrieved = async () => client.responses.retrieve(idOf(gateway)).catch(() => null);
		while ((await retrieved())?.output.length !== 1) await new Promise(setImmediate);
		await client.responses.cancel(idOf(gateway));
		expect(await answer).toMatchObject({ status: 'cancelled', output: [{ type: 'reasoning', status: 'incomplete' }] });
	});

	test('one that has ended cannot be cancelled', async () => {
		const gateway = await startGateway();
		const { id } = (await post(gateway, ASK)).json();
		const response = await gateway.app.inject({ method: 'POST', url: `/v1/responses/${id}/cancel` });
		expect(response.statusCode).toBe(400);
		expect(errorSchema.parse(response.json()).error.message).toBe('Cannot cancel a response that is completed.');
	});
});

/** The worker knows a generation by the response's own id. */
function idOf({ worker }: Gateway): string {
	return worker.received.at(-1) ?? '';
}
