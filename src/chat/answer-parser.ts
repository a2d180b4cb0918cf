/** What the answer channel is made of once tool calls are told from text. */
export type AnswerPiece =
	| { type: 'content'; text: string }
	| { type: 'tool-call-start'; index: number; id: string; name: string }
	| { type: 'tool-call-delta'; index: number; arguments: string };

/**
 * Tells tool calls from text, incrementally: however the answer is cut into deltas, the pieces concatenate to the
 * same. `special` marks the text of one control token, which ordinary text that spells the same never is.
 */
export type AnswerParser = {
	push(text: string, special: boolean): AnswerPiece[];
	/** What was held back when the answer ends; an unfinished call comes out as far as it got. */
	end(): AnswerPiece[];
};

/** For requests without tools: all of it is text, and control tokens that the model threw in are none. */
export function createPlainAnswerParser(): AnswerParser {
	return {
		push: (text, special) => (text === '' || special ? [] : [{ type: 'content', text }]),
		end: () => [],
	};
}
