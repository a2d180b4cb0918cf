import type { ChatCompletion } from '../../src/protocol/chat-response.ts';
import { messageOf } from './ask.ts';
import type { Recording } from './recorded-pool.ts';

export type Promised = { budgetTokens: number; maxTokens: number; closingTokens: number; graceShare: number };

export type Recount = {
	thoughtIds: number[];
	/** End token of the thought included. */
	reasoningTokens: number;
	completionTokens: number;
	reason: string | null;
};

/** Counts what the worker sent, id by id. */
export function recount(recording: Recording): Recount {
	const count: Recount = { thoughtIds: [], reasoningTokens: 0, completionTokens: 0, reason: null };
	for (const { event } of recording) {
		if (event.type !== 'delta' && event.type !== 'phase-end') continue;
		count.completionTokens += event.ids.length;
		if (event.phase !== 'reasoning') continue;
		if (event.type === 'delta') {
			count.thoughtIds.push(...event.ids);
			count.reasoningTokens += event.ids.length;
		} else {
			count.reason = event.reason;
			count.reasoningTokens += Math.min(1, event.ids.length);
		}
	}
	return count;
}

/** What of the promises does not hold for this answer; empty when all do. `thoughtText` is the detokenised thought. */
export function checkPromises(
	completion: ChatCompletion,
	counted: Recount,
	thoughtText: string,
	promised: Promised,
): string[] {
	const { content, reasoning_content: reasoning = '', reasoning_status: status, usage } = messageOf(completion);
	const { budgetTokens, maxTokens, closingTokens, graceShare } = promised;
	const isClosed = ['budget', 'deadline', 'loop', 'ended-by-client'].includes(counted.reason ?? '');
	const drawn = counted.thoughtIds.length - (isClosed && counted.thoughtIds.length > 0 ? closingTokens : 0);
	const state = { closed: 'complete', budget: 'budget', loop: 'ended', eos: 'ended', length: 'length' }[
		counted.reason ?? ''
	];
	const expectedState = reasoning === '' && counted.reason !== 'length' ? 'skipped' : state;
	const promises: [name: string, holds: boolean][] = [
		['the thought keeps to budget and grace', drawn <= budgetTokens + Math.ceil(budgetTokens * graceShare)],
		[
			'reasoning_tokens is what was generated',
			usage.completion_tokens_details.reasoning_tokens === counted.reasoningTokens,
		],
		['completion_tokens is what was generated', usage.completion_tokens === counted.completionTokens],
		['completion_tokens keeps to max_tokens', usage.completion_tokens <= maxTokens],
		['the text is that of the tokens', thoughtText.trim() === reasoning.trim()],
		['content is not empty', maxTokens < 16 || (content ?? '').trim() !== ''],
		['state tells how it ended', status.state === expectedState],
		['tokens tells how long it was', status.tokens === counted.thoughtIds.length],
		['budget_tokens is no more than was asked', status.budget_tokens !== null && status.budget_tokens <= budgetTokens],
		['a thought cut at its budget had used it', status.state !== 'budget' || drawn >= (status.budget_tokens ?? 0)],
	];
	return promises.flatMap(([name, holds]) => (holds ? [] : [name]));
}
