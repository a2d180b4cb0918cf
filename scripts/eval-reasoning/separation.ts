import type { Problem } from '../eval-pocket/problem.ts';
import { ask, each, messageOf } from './ask.ts';
import type { Harness } from './harness.ts';

/** Stop strings that occur in the thought, and a schema: neither may touch it, and the answer has to arrive. */
export async function evaluateSeparation(harness: Harness, problems: readonly Problem[], concurrency: number) {
	const url = await harness.serve({});
	const base = { temperature: 0, max_tokens: 900 };
	const results = await each(problems, concurrency, async ({ messages }) => {
		const free = messageOf(await ask(url, { messages, ...base }));
		const thought = free.reasoning_content ?? '';
		const answer = free.content ?? '';
		const stop = thought.split(/\s+/).find((word) => word.length > 1 && !answer.includes(word)) ?? 'zzz';
		const stopped = messageOf(await ask(url, { messages, ...base, stop: [stop] }));
		const schema = {
			type: 'object',
			properties: { answer: { type: 'string', maxLength: 40 } },
			required: ['answer'],
			additionalProperties: false,
		};
		const response_format = { type: 'json_schema', json_schema: { name: 'answer', strict: true, schema } };
		const bound = messageOf(await ask(url, { messages, ...base, response_format }));
		return {
			occurs: thought.includes(stop),
			stopArrives: stopped.content === answer && stopped.reasoning_content === thought,
			schemaHolds: isAnswer(bound.content ?? ''),
			thoughtIsFree: bound.reasoning_content === thought,
		};
	});
	const count = (holds: (result: (typeof results)[number]) => boolean) =>
		`${results.filter(holds).length}/${results.length}`;
	console.log(`stop string occurs in the thought: ${count(({ occurs }) => occurs)}`);
	console.log(`thought and answer are the same with it as without: ${count(({ stopArrives }) => stopArrives)}`);
	console.log(`answers that validate against the schema: ${count(({ schemaHolds }) => schemaHolds)}`);
	console.log(`thoughts that the schema did not change: ${count(({ thoughtIsFree }) => thoughtIsFree)}\n`);
}

function isAnswer(text: string): boolean {
	try {
		const value: unknown = JSON.parse(text);
		return (
			typeof value === 'object' &&
			value !== null &&
			'answer' in value &&
			Object.keys(value).length === 1 &&
			typeof value.answer === 'string'
		);
	} catch {
		return false;
	}
}
