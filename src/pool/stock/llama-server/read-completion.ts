import { workerFailed } from '../../../errors.ts';
import type { TokenLogprob } from '../../../protocol/worker-api.ts';
import type { PhaseRun } from '../../../tokens/phase-run.ts';
import { brokenStream } from '../../line-splitter.ts';
import type { StretchEvent, StretchReader } from '../stretch.ts';
import { type CompletionChunk, completionChunkSchema } from './api.ts';
import type { LlamaServerVocabulary } from './read-vocabulary.ts';

/** Reads a streamed /completion. A token that may be the engine's end waits for the next line, which says whether it was. */
export function createCompletionReader(run: PhaseRun, vocabulary: LlamaServerVocabulary): StretchReader {
	let count = 0;
	let held: StretchEvent[] = [];
	let end: CompletionChunk | null = null;

	function tokens(chunk: CompletionChunk): StretchEvent[] {
		const [id] = chunk.tokens;
		if (id === undefined) return [];
		const lost = chunk.tokens_predicted - count - 1;
		count = chunk.tokens_predicted;
		const mended = mend(lost, id, chunk.content, vocabulary);
		const before = [...held, ...mended.map((earlier) => ({ type: 'token' as const, id: earlier, logprob: null }))];
		const token = { type: 'token' as const, id, logprob: readLogprob(chunk, run.request.logprobs ?? 0) };
		const mayEnd = vocabulary.isMark(id) && !vocabulary.isEndOfGeneration(id) && !run.stops.includes(id);
		held = mayEnd ? [token] : [];
		return mayEnd ? before : [...before, token];
	}

	return {
		push(data) {
			const chunk = parseChunk(data);
			if (chunk.error !== undefined)
				throw workerFailed('The model worker failed while it processed your request.', chunk.error.message);
			if (chunk.stop) end = chunk;
			else if (chunk.prompt_progress !== undefined) {
				const { processed, cache } = chunk.prompt_progress;
				return [{ type: 'prefill', processed, cached: cache }];
			} else return tokens(chunk);
			return [];
		},
		end() {
			if (end === null) throw brokenStream('the stream ended before the generation did');
			if (count === 0) throw brokenStream('the engine gave no token');
			const [last] = held;
			if (last?.type === 'token' && end.stop_type === 'eos') vocabulary.learnEnd(last.id);
			return held;
		},
	};
}

/** The engine sends no ids for tokens that end inside a character: they are found by their bytes. */
function mend(lost: number, lastId: number, content: string, vocabulary: LlamaServerVocabulary): number[] {
	if (lost <= 0) return [];
	const bytes = Buffer.from(content);
	const head = bytes.subarray(0, bytes.length - vocabulary.piece(lastId).bytes.length);
	const ids = vocabulary.spell(head, lost);
	if (ids === null) throw brokenStream(`${lost} tokens were not told`);
	return ids;
}

function readLogprob(
	{ completion_probabilities: [told] = [] }: CompletionChunk,
	alternatives: number,
): TokenLogprob | null {
	if (told === undefined) return null;
	const base64 = (bytes: number[]) => Buffer.from(bytes).toString('base64');
	const top = told.top_logprobs
		.slice(0, alternatives)
		.map(({ id, bytes, logprob }) => ({ id, bytes: base64(bytes), logprob }));
	return { id: told.id, bytes: base64(told.bytes), logprob: told.logprob, top };
}

function parseChunk(data: string): CompletionChunk {
	try {
		return completionChunkSchema.parse(JSON.parse(data));
	} catch (error) {
		throw brokenStream('a line is no event', error);
	}
}
