import type { PhaseEndReason } from '../protocol/worker-api.ts';

export type DrawnToken = {
	id: number;
	isEndOfGeneration: boolean;
	/** The token's text, '' while a character is incomplete. */
	text: string;
	isReplay: boolean;
};

/** What one drawn token leads to, in order. Every id in `token`, `mark` and `phase-end` goes to the model. */
export type PhaseStep =
	| { type: 'token'; phase: number; id: number; isForced: boolean }
	/** Counted, never shown: the token that opens an optional phase. */
	| { type: 'mark'; phase: number; id: number }
	| {
			type: 'phase-end';
			phase: number;
			reason: PhaseEndReason;
			tokens: number;
			ms: number;
			emptyRetries: number;
			/** Closed at its budget, and at the end of a sentence or line. */
			landsSoftly: boolean;
			/** End token and separator. */
			ids: readonly number[];
	  }
	| { type: 'finish'; reason: 'stop' | 'length' };
