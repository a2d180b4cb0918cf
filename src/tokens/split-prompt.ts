import type { PromptPart } from '../protocol/worker-api.ts';

/** The marks of a format: text to id, and which of them take the white space beside them away. */
export type Marks = {
	readonly ids: ReadonlyMap<string, number>;
	stripsLeft(id: number): boolean;
	stripsRight(id: number): boolean;
};

/** Plain text to be tokenised without special tokens, or ids as they are. */
export type PromptRun = { text: string } | { ids: readonly number[] };

/**
 * Cuts prompts into runs for a tokeniser that is to find no marks. Marks come out of `special` parts alone; all plain text
 * between two of them, template's and user's, is one run, cut only where it spells a mark: llama.cpp finds user-defined
 * tokens (<think>, tool marks) even where special tokens are switched off, so no run ever holds the whole of one.
 */
export function createPromptSplitter(marks: Marks): (prompt: readonly PromptPart[]) => PromptRun[] {
	const texts = [...marks.ids.keys()].sort((a, b) => b.length - a.length);
	const pattern = texts.length === 0 ? null : texts.map(escapePattern).join('|');

	function splitSpecial(text: string): PromptRun[] {
		if (pattern === null) return [{ text }];
		const runs: PromptRun[] = [];
		let from = 0;
		for (const match of text.matchAll(new RegExp(pattern, 'gu'))) {
			const id = marks.ids.get(match[0]);
			if (id === undefined) continue;
			let before = text.slice(from, match.index);
			if (marks.stripsLeft(id)) before = before.trimEnd();
			if (before !== '') runs.push({ text: before });
			runs.push({ ids: [id] });
			from = match.index + match[0].length;
			if (marks.stripsRight(id)) from = text.length - text.slice(from).trimStart().length;
		}
		if (from < text.length) runs.push({ text: text.slice(from) });
		return runs;
	}

	return (prompt) => {
		const runs: PromptRun[] = [];
		let plain = '';
		const flush = () => {
			if (plain === '') return;
			const pieces = pattern === null ? [plain] : cutMarks(plain, new RegExp(pattern, 'u'));
			for (const text of pieces) runs.push({ text });
			plain = '';
		};
		for (const part of prompt) {
			const ofPart: PromptRun[] =
				'tokens' in part ? [{ ids: part.tokens }] : part.special ? splitSpecial(part.text) : [{ text: part.text }];
			for (const run of ofPart) {
				if ('text' in run) {
					plain += run.text;
				} else {
					flush();
					runs.push(run);
				}
			}
		}
		flush();
		return runs;
	};
}

/**
 * With at most one beginning-of-sequence token, printed by the template, asked for by the model, or both. A prompt that
 * came as tokens is left as it is.
 */
export function withOneBos(
	ids: number[],
	bos: number | null,
	addsBos: boolean,
	prompt: readonly PromptPart[],
): number[] {
	const isRaw = prompt[0] !== undefined && 'tokens' in prompt[0];
	if (bos === null || isRaw) return ids;
	let leading = 0;
	while (ids[leading] === bos) leading++;
	if (leading === 1 || (leading === 0 && !addsBos)) return ids;
	return [bos, ...ids.slice(leading)];
}

/** The text in pieces none of which holds a mark. Linear: each cut starts the next search one character later. */
function cutMarks(text: string, mark: RegExp): string[] {
	const pieces: string[] = [];
	let rest = text;
	for (let match = mark.exec(rest); match !== null; match = mark.exec(rest)) {
		const first = String.fromCodePoint(match[0].codePointAt(0) ?? 0);
		// A mark of one character cannot be cut: the tokeniser's side drops its id, the character goes unseen.
		pieces.push(rest.slice(0, match.index + first.length));
		rest = rest.slice(match.index + first.length);
	}
	if (rest !== '') pieces.push(rest);
	return pieces;
}

function escapePattern(text: string): string {
	return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
