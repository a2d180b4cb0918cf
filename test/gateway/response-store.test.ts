import { expect, test } from 'vitest';
import { describeResponse } from '../../src/chat/apis/response-head.ts';
import { type KeptItem, type KeptResponse, ResponseStore } from '../../src/gateway/response-store.ts';
import { parseResponsesRequest } from '../../src/protocol/responses-request.ts';

const message = (id: string, text = 'hi'): KeptItem => ({ type: 'message', id, role: 'user', content: [text] });

function kept(id: string, input: KeptItem[] = [message(`msg_${id}`)]): KeptResponse {
	const head = describeResponse({
		id,
		createdAt: 0,
		model: 'm',
		request: parseResponsesRequest({ model: 'm', input: 'hi' }),
		isStored: true,
		sampling: { temperature: 0.6, topP: 0.95 },
	});
	const ended = { completed_at: 0, error: null, incomplete_details: null, output: [], usage: null };
	return { response: { ...head, ...ended, status: 'completed' }, input, output: [] };
}

function storeOf(limits: { maxEntries?: number; ttlSeconds?: number; maxBytes?: number } = {}) {
	const clock = { ms: 0 };
	const store = new ResponseStore({ maxEntries: 10, ttlSeconds: 60, maxBytes: 1e6, ...limits }, () => clock.ms);
	return { store, clock };
}

test('only the key that made a response finds it, its items too', () => {
	const { store } = storeOf();
	store.put('key:one', kept('resp_1'));
	expect(store.get('key:one', 'resp_1')?.response.id).toBe('resp_1');
	expect(store.findItem('key:one', 'msg_resp_1')).toEqual(message('msg_resp_1'));
	expect(store.get('key:two', 'resp_1')).toBeNull();
	expect(store.findItem('key:two', 'msg_resp_1')).toBeNull();
	expect(store.delete('key:two', 'resp_1')).toBe(false);
	expect(store.delete('key:one', 'resp_1')).toBe(true);
	expect(store.delete('key:one', 'resp_1')).toBe(false);
	expect(store.findItem('key:one', 'msg_resp_1')).toBeNull();
	expect(store.size).toBe(0);
});

test('what is older than its time is gone', () => {
	const { store, clock } = storeOf({ ttlSeconds: 60 });
	store.put('open', kept('resp_1'));
	clock.ms = 30_000;
	store.put('open', kept('resp_2'));
	clock.ms = 60_000;
	expect(store.get('open', 'resp_1')).toBeNull();
	expect(store.get('open', 'resp_2')).not.toBeNull();
	expect(store.size).toBe(1);
});

test('an item lives as long as any response that has it', () => {
	const { store, clock } = storeOf({ ttlSeconds: 60 });
	store.put('open', kept('resp_1', [message('msg_a')]));
	clock.ms = 30_000;
	store.put('open', kept('resp_2', [message('msg_a'), message('msg_b')]));
	clock.ms = 60_000;
	expect(store.findItem('open', 'msg_a')).not.toBeNull();
	store.delete('open', 'resp_2');
	expect(store.findItem('open', 'msg_a')).toBeNull();
});

test('beyond the number the oldest go, of the key that holds the most', () => {
	const { store } = storeOf({ maxEntries: 3 });
	store.put('key:quiet', kept('resp_q'));
	for (const id of ['resp_1', 'resp_2', 'resp_3', 'resp_4']) store.put('key:loud', kept(id));
	expect(store.size).toBe(3);
	expect(store.get('key:quiet', 'resp_q')).not.toBeNull();
	expect(['resp_1', 'resp_2', 'resp_3', 'resp_4'].map((id) => store.get('key:loud', id) !== null)).toEqual([
		false,
		false,
		true,
		true,
	]);
});

test('beyond the size the oldest go, and what would not fit alone is not kept', () => {
	const { store } = storeOf({ maxBytes: 5000 });
	store.put('open', kept('resp_1', [message('msg_1', 'x'.repeat(2000))]));
	store.put('open', kept('resp_2', [message('msg_2', 'x'.repeat(2000))]));
	expect(store.get('open', 'resp_1')).toBeNull();
	expect(store.get('open', 'resp_2')).not.toBeNull();
	store.put('open', kept('resp_3', [message('msg_3', 'x'.repeat(5000))]));
	expect(store.get('open', 'resp_3')).toBeNull();
	expect(store.get('open', 'resp_2')).not.toBeNull();
});

test('a store of no entries keeps none', () => {
	const { store } = storeOf({ maxEntries: 0 });
	store.put('open', kept('resp_1'));
	expect(store.keepsAny).toBe(false);
	expect(store.size).toBe(0);
});
