import type { ConversationItem, InputItem } from '../protocol/responses-input.ts';
import type { OutputItem } from '../protocol/responses-response.ts';
import { itemNotFound, previousResponseNotFound } from './errors.ts';
import { randomHex24 } from './random-hex.ts';
import type { KeptItem, ResponseKeeper } from './response-store.ts';

const ID_PREFIX = { message: 'msg', function_call: 'fc', function_call_output: 'fco', reasoning: 'rs' } as const;

/** The whole conversation of a request: what is kept of the responses before, then its own items. Throws 400 or 404. */
export async function resolveConversation(
	request: { input?: InputItem[] | undefined; previous_response_id?: string | undefined },
	store: ResponseKeeper,
	scope: string,
): Promise<KeptItem[]> {
	const items: KeptItem[] = [];
	if (request.previous_response_id !== undefined) {
		const previous = await store.get(scope, request.previous_response_id);
		if (previous === null) throw previousResponseNotFound(request.previous_response_id);
		items.push(...previous.input, ...previous.output);
	}
	for (const [index, item] of (request.input ?? []).entries()) {
		if (item.type !== 'item_reference') {
			items.push(withId(item));
			continue;
		}
		const found = await store.findItem(scope, item.id);
		if (found !== null) items.push(found);
		// Thoughts of earlier turns are left out of the prompt in any case: one that has gone is not missed.
		else if (!item.id.startsWith('rs_')) throw itemNotFound(item.id, `input[${index}].id`);
	}
	return items;
}

function withId(item: ConversationItem): KeptItem {
	return { ...item, id: item.id ?? `${ID_PREFIX[item.type]}_${randomHex24()}` };
}

/** What a response has put out, as an item of the conversation that goes on from it. */
export function asInput(item: OutputItem): KeptItem {
	switch (item.type) {
		case 'message':
			return { type: 'message', id: item.id, role: 'assistant', content: item.content.map(({ text }) => text) };
		case 'function_call':
			return { type: 'function_call', id: item.id, call_id: item.call_id, name: item.name, arguments: item.arguments };
		case 'reasoning':
			return { type: 'reasoning', id: item.id };
	}
}

/** An item in the form that GET /v1/responses/{id}/input_items gives. */
export function describeItem(item: KeptItem): object {
	const { id, type } = item;
	switch (item.type) {
		case 'message': {
			const part = (text: string) =>
				item.role === 'assistant'
					? { type: 'output_text', text, annotations: [], logprobs: [] }
					: { type: 'input_text', text };
			return { id, type, role: item.role, status: 'completed', content: item.content.map(part) };
		}
		case 'function_call': {
			const { call_id, name } = item;
			return { id, type, call_id, name, arguments: item.arguments, status: 'completed' };
		}
		case 'function_call_output':
			return { id, type, call_id: item.call_id, output: item.output.join('\n'), status: 'completed' };
		case 'reasoning':
			return { id, type, summary: [], status: 'completed' };
	}
}
