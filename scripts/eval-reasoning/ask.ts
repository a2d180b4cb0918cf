import { invalidRequest } from '../../src/errors.ts';
import { type ChatCompletion, chatCompletionSchema } from '../../src/protocol/chat-response.ts';

export type Fields = Record<string, unknown>;

export async function post(url: string, fields: Fields): Promise<Response> {
	return fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify({ model: 'pocket-reasoner', ...fields }),
	});
}

/** The whole answer; throws what the server refused. */
export async function ask(url: string, fields: Fields): Promise<ChatCompletion> {
	const response = await post(url, fields);
	if (!response.ok) throw invalidRequest(null, null, `${response.status} ${await response.text()}`);
	return chatCompletionSchema.parse(await response.json());
}

export function messageOf(completion: ChatCompletion) {
	const choice = completion.choices[0];
	if (choice === undefined) throw invalidRequest(null, null, 'a completion without a choice');
	return { ...choice.message, finishReason: choice.finish_reason, usage: completion.usage };
}

/** Runs `work` over all items, so many at a time; results in the order of the items. */
export async function each<Item, Result>(
	items: readonly Item[],
	concurrency: number,
	work: (item: Item, index: number) => Promise<Result>,
): Promise<Result[]> {
	const results: Result[] = [];
	const queue = items.entries();
	const lane = async () => {
		for (const [index, item] of queue) results[index] = await work(item, index);
	};
	await Promise.all(Array.from({ length: concurrency }, lane));
	return results;
}
