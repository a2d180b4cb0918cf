export type ChunkKind =
	/** Text of the thought. */
	| 'reasoning'
	/** Text of the answer, or a tool call. */
	| 'answer'
	/** Usage, finish reason or an error: worth parsing. */
	| 'detail'
	| 'done'
	/** Role chunk, padding. */
	| 'empty';

/** A field whose value is a string that is not empty. A quote inside JSON strings is escaped, so text cannot forge it. */
const REASONING = /"(?:reasoning_content|reasoning)":\s?"[^"]/;
const ANSWER = /"(?:content|arguments)":\s?"[^"]/;
const DETAIL = /"finish_reason":\s?"|"usage":\s?\{|"error":\s?\{/;

/** What a chunk brings, told without parsing it: one of many thousand a second. */
export function classifyChunk(payload: string): ChunkKind {
	if (payload === '[DONE]') return 'done';
	if (REASONING.test(payload)) return 'reasoning';
	if (ANSWER.test(payload)) return 'answer';
	return DETAIL.test(payload) ? 'detail' : 'empty';
}
