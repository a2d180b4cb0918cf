import { workerFailed } from '../../../errors.ts';
import type { TokenLogprob } from '../../../protocol/worker-api.ts';
import type { PhaseRun } from '../../../tokens/phase-run.ts';
import { brokenStream } from '../../line-splitter.ts';
import type { StretchEvent, StretchReader } from '../stretch.ts';
import { type CompletionChoice, type CompletionChunk, completionChunkSchema, logprobsSchema } from './api.ts';
import type { Tokenizer } from './tokenizer.ts';

const FAILED = 'The model worker failed while it processed your request.';
const MAX_CAUSE = 500;

/**
 * Reads a streamed /v1/completions. Ids are the engine's where it tells them, else what spells its text. The last tokens
 * wait for the end of the stream: the count of the prompt comes after them, and belongs before what they set going.
 */
export function createCompletionReader(
	run: PhaseRun,
	tokenizer: Tokenizer,
	spell: (text: string) => number[],
): StretchReader {
	const { vocabulary } = tokenizer;
	const isFirst = run.generated.length === 0;
	const { stops } = run;
	let isOver = false;
	let count = 0;
	let last: StretchEvent[] = [];

	function tokens(choice: CompletionChoice): StretchEvent[] {
		const ids = choice.token_ids ?? spell(choice.text ?? '');
		const logprobs = run.request.logprobs === null ? [] : readLogprobs(choice.logprobs, ids);
		count += ids.length;
		return ids.map((id, index) => ({ type: 'token', id, logprob: logprobs[index] ?? null }));
	}

	/** The token at which it stopped, where that has not come with the others. */
	function closing(choice: CompletionChoice, lastId: number | null): StretchEvent[] {
		if (choice.finish_reason === 'length') return [];
		if (choice.finish_reason !== 'stop') throw brokenStream(`the engine ended with ${choice.finish_reason}`);
		const told = choice.stop_reason ?? choice.matched_stop ?? null;
		const isTold = choice.token_ids !== null && choice.token_ids !== undefined;
		let id = typeof told === 'string' ? (vocabulary.marks.get(told) ?? null) : told;
		// Where nothing says what it was, a mark that was asked for is likelier than an end before it.
		if (id === null) id = isTold ? lastId : (stops[0] ?? null);
		if (id === null || (!isTold && told === null && stops.length === 0)) id = tokenizer.eos;
		if (!stops.includes(id)) vocabulary.learnEnd(id);
		return id === lastId ? [] : [{ type: 'token', id, logprob: null }];
	}

	function readLogprobs(told: unknown, ids: readonly number[]): (TokenLogprob | null)[] {
		if (told === null || told === undefined) return [];
		const { token_logprobs, top_logprobs } = check(() => logprobsSchema.parse(told));
		const of = (id: number, logprob: number) => ({ id, bytes: base64(id), logprob });
		return ids.map((id, index) => {
			const logprob = token_logprobs[index] ?? null;
			if (logprob === null) return null;
			const top = Object.entries(top_logprobs?.[index] ?? {})
				.map(([text, value]) => of(idOf(text), value))
				.filter((one) => one.id >= 0)
				.sort((one, other) => other.logprob - one.logprob)
				.slice(0, run.request.logprobs ?? 0);
			return { ...of(id, logprob), top };
		});
	}

	function idOf(text: string): number {
		const told = /^token_id:(\d+)$/.exec(text)?.[1];
		if (told !== undefined) return Number(told);
		const [id = -1, ...rest] = spell(text);
		return rest.length === 0 ? id : -1;
	}

	function countPrompt({ prompt_tokens, prompt_tokens_details }: NonNullable<CompletionChunk['usage']>): void {
		run.promptTokens = prompt_tokens;
		run.cachedTokens = Math.min(prompt_tokens_details?.cached_tokens ?? 0, prompt_tokens);
	}

	const base64 = (id: number) => Buffer.from(vocabulary.piece(id).bytes).toString('base64');

	return {
		push(data) {
			const chunk: CompletionChunk = check(() => completionChunkSchema.parse(JSON.parse(data)));
			if (chunk.error !== undefined && chunk.error !== null)
				throw workerFailed(FAILED, JSON.stringify(chunk.error).slice(0, MAX_CAUSE));
			if (chunk.object === 'error') throw workerFailed(FAILED, 'the engine told an error');
			if (isFirst && chunk.usage !== null && chunk.usage !== undefined) countPrompt(chunk.usage);
			const [choice] = chunk.choices;
			if (choice === undefined || isOver) return [];
			const events = tokens(choice);
			if (choice.finish_reason === null || choice.finish_reason === undefined) return events;
			isOver = true;
			const lastEvent = events.at(-1);
			last = [...events, ...closing(choice, lastEvent?.type === 'token' ? lastEvent.id : null)];
			return [];
		},
		end() {
			if (!isOver) throw brokenStream('the stream ended before the generation did');
			if (count === 0 && last.length === 0) throw brokenStream('the engine gave no token');
			return last;
		},
	};
}

function check<Value>(parse: () => Value): Value {
	try {
		return parse();
	} catch (error) {
		throw brokenStream('a line is no event', error);
	}
}
