import type { Problem } from './problem.ts';
import { type Reply, replySchema } from './reply.ts';

export type Setting = {
	temperature: number;
	/** null lets the model think as long as it likes; 0 switches thinking off. */
	budgetTokens: number | null;
};

export type Endpoint = { url: string; model: string; key: string | null };

/** `failure`: what the server said with a status other than 200. */
export type Outcome = { reply: Reply } | { failure: string };

/** Asks the server once, without streaming. */
export async function ask(
	endpoint: Endpoint,
	problem: Problem,
	setting: Setting,
	signal: AbortSignal,
): Promise<Outcome> {
	const response = await fetch(`${endpoint.url}/v1/chat/completions`, {
		method: 'POST',
		headers: {
			'content-type': 'application/json',
			...(endpoint.key === null ? {} : { authorization: `Bearer ${endpoint.key}` }),
		},
		body: JSON.stringify({
			model: endpoint.model,
			messages: problem.messages,
			...(problem.tools === undefined ? {} : { tools: problem.tools }),
			...(problem.response_format === undefined ? {} : { response_format: problem.response_format }),
			temperature: setting.temperature,
			top_p: setting.temperature === 0 ? 1 : 0.95,
			seed: 42,
			max_tokens: 900,
			...thinking(setting.budgetTokens),
		}),
		signal,
	});
	if (!response.ok) return { failure: `${response.status} ${await response.text()}` };
	return { reply: replySchema.parse(await response.json()) };
}

function thinking(budgetTokens: number | null): Record<string, unknown> {
	if (budgetTokens === null) return {};
	if (budgetTokens === 0) return { thinking: { type: 'disabled' } };
	return { reasoning: { max_tokens: budgetTokens } };
}
