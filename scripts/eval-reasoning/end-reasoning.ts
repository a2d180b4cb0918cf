import { z } from 'zod';
import type { Problem } from '../eval-pocket/problem.ts';
import { type Fields, post } from './ask.ts';
import type { Harness } from './harness.ts';

const endedSchema = z.object({ ended: z.boolean() });

/** Steps and time between the call of end-reasoning and the first token of the answer. */
export async function evaluateEndReasoning(harness: Harness, problems: readonly Problem[]) {
	const url = await harness.serve({});
	const results: { fromCall: number; fromReply: number; ms: number; isAnswered: boolean }[] = [];
	for (const { messages } of problems) {
		const result = await endOne(harness, url, {
			messages,
			max_tokens: 900,
			stream: true,
			// Behind a stop string the worker joins no tokens to one event, so that events are decode steps.
			stop: ['\u0001'],
		});
		if (result !== null) results.push(result);
	}
	const worst = (read: (result: (typeof results)[number]) => number) => Math.max(...results.map(read));
	const mean = results.reduce((sum, { fromCall }) => sum + fromCall, 0) / results.length;
	console.log(
		`${results.length} thoughts ended while they ran, answers: ${results.filter(({ isAnswered }) => isAnswered).length}`,
	);
	console.log(
		`tokens of thought drawn after the call: mean ${mean.toFixed(1)}, most ${worst(({ fromCall }) => fromCall)}`,
	);
	console.log(
		`decode steps from the call's reply to the first answer token: most ${worst(({ fromReply }) => fromReply)}`,
	);
	console.log(`time from the call to the first answer token: most ${worst(({ ms }) => ms).toFixed(1)} ms\n`);
}

async function endOne(harness: Harness, url: string, fields: Fields) {
	const response = await post(url, fields);
	if (response.body === null) return null;
	let id: string | null = null;
	let call: Promise<{ ended: boolean; repliedAt: number }> | null = null;
	let calledAt = 0;
	let seen = 0;
	for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
		id ??= /chatcmpl-[0-9a-f]+/.exec(text)?.[0] ?? null;
		seen += text.split('reasoning_content').length - 1;
		if (call !== null || id === null || seen < 5) continue;
		calledAt = performance.now();
		call = fetch(`${url}/v1/chat/completions/${id}/end-reasoning`, { method: 'POST' }).then(async (reply) => {
			const repliedAt = performance.now();
			// 404: the whole answer was there before the call.
			return { ended: reply.ok && endedSchema.parse(await reply.json()).ended, repliedAt };
		});
	}
	const outcome = await call;
	if (outcome === null || id === null || !outcome.ended) return null;
	const deltas = harness.take(id).flatMap(({ atMs, event }) => (event.type === 'delta' ? [{ atMs, event }] : []));
	const answer = deltas.find(({ event }) => event.phase === 'answer' && event.text !== '');
	if (answer === undefined) return { fromCall: 0, fromReply: 0, ms: 0, isAnswered: false };
	const between = (fromMs: number) => deltas.filter(({ atMs }) => atMs > fromMs && atMs <= answer.atMs).length;
	return {
		fromCall: between(calledAt),
		fromReply: between(outcome.repliedAt),
		ms: answer.atMs - calledAt,
		isAnswered: true,
	};
}
