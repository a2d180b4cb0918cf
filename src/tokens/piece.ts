/** What a token stands for. */
export type Piece = {
	readonly bytes: Uint8Array;
	/** null when the bytes alone are no complete UTF-8. */
	readonly text: string | null;
};

/** What is known of a model's tokens by whoever follows its phases. */
export type TokenTable = {
	/** A control or user-defined token that is not plain whitespace: a mark of a format. */
	isMark(id: number): boolean;
	isEndOfGeneration(id: number): boolean;
	piece(id: number): Piece;
};
