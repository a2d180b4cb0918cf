/** Follows one JSON object through text, a character at a time, to find where it ends. */
export type JsonScanner = {
	/** `done` with the closing brace; `broken` where no object can go on like this. */
	accept(character: string): 'inside' | 'done' | 'broken';
	isInString(): boolean;
};

/** Only brackets and strings are looked at: that finds the end, and what is between them is the grammar's business. */
export function createJsonScanner(): JsonScanner {
	const open: string[] = [];
	let isInString = false;
	let isEscaped = false;

	return {
		isInString: () => isInString,
		accept(character) {
			if (isInString) {
				if (isEscaped) isEscaped = false;
				else if (character === '\\') isEscaped = true;
				else if (character === '"') isInString = false;
				return 'inside';
			}
			if (open.length === 0 && character !== '{') return 'broken';
			if (character === '"') isInString = true;
			else if (character === '{') open.push('}');
			else if (character === '[') open.push(']');
			else if (character === '}' || character === ']') {
				if (open.pop() !== character) return 'broken';
				if (open.length === 0) return 'done';
			}
			return 'inside';
		},
	};
}
