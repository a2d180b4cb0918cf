/** What one request did. Times in ms of performance.now(). */
export type RequestRecord = {
	/** Which part of the workload it belongs to, as `decode` or `long`. */
	label: string;
	/** 0 for the first turn of a conversation. */
	turn: number;
	startMs: number;
	firstTokenMs: number | null;
	firstAnswerMs: number | null;
	endMs: number;
	/** Arrival of each delta with text. */
	deltaMs: number[];
	promptTokens: number | null;
	cachedTokens: number | null;
	completionTokens: number | null;
	reasoningTokens: number | null;
	finishReason: string | null;
	/** 0 where no answer began. */
	status: number;
	/** Left by us, mid-way. */
	aborted: boolean;
	/** Sent the moment another request of the same lane was left: its first token shows that the slot was free. */
	followsAbort: boolean;
	/** Null when it ended as it should. */
	error: string | null;
	/** Thought and answer, where the workload needs them. */
	content: string;
};

/** Usage when the server told it; a stream that was cut counts its deltas. */
export function outputTokens(record: RequestRecord): number {
	return record.completionTokens ?? record.deltaMs.length;
}
