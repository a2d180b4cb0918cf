import type { PromptPart } from '../protocol/worker-api.ts';
import { LEFT_STRIP, RIGHT_STRIP, type Vocabulary } from './vocabulary.ts';

/** What tokenising needs of a vocabulary, so that tests can bring their own. */
export type PromptVocabulary = Pick<Vocabulary, 'bos' | 'addsBos' | 'marks' | 'isMark' | 'attributes' | 'tokenise'>;

type Run = { text: string } | { ids: readonly number[] };

/**
 * Prompt parts to token ids. Marks (control and user-defined tokens) come out of `special` parts alone; all plain text
 * between two marks, template's and user's, is one run for the tokeniser. Starts with at most one BOS: printed by the
 * template, asked for by the GGUF, or both.
 */
export function createPromptTokeniser(vocabulary: PromptVocabulary): (prompt: readonly PromptPart[]) => number[] {
	const marks = [...vocabulary.marks.keys()].sort((a, b) => b.length - a.length);
	const pattern = marks.length === 0 ? null : marks.map(escapePattern).join('|');

	function splitSpecial(text: string): Run[] {
		if (pattern === null) return [{ text }];
		const runs: Run[] = [];
		let from = 0;
		for (const match of text.matchAll(new RegExp(pattern, 'gu'))) {
			const id = vocabulary.marks.get(match[0]);
			if (id === undefined) continue;
			const attributes = vocabulary.attributes(id);
			let before = text.slice(from, match.index);
			if ((attributes & LEFT_STRIP) !== 0) before = before.trimEnd();
			if (before !== '') runs.push({ text: before });
			runs.push({ ids: [id] });
			from = match.index + match[0].length;
			if ((attributes & RIGHT_STRIP) !== 0) from = text.length - text.slice(from).trimStart().length;
		}
		if (from < text.length) runs.push({ text: text.slice(from) });
		return runs;
	}

	/**
	 * llama.cpp matches user-defined tokens (<think>, tool marks) even with parse_special off. A run that spells a mark is
	 * cut after the mark's first character, so that no tokeniser can see the whole of it.
	 */
	function inertIds(text: string): number[] {
		const ids: number[] = [];
		for (const piece of pattern === null ? [text] : cutMarks(text, new RegExp(pattern, 'u'))) {
			const tokens = vocabulary.tokenise(piece, false);
			if (tokens.some(vocabulary.isMark)) {
				for (const character of piece) {
					for (const id of vocabulary.tokenise(character, false)) if (!vocabulary.isMark(id)) ids.push(id);
				}
			} else {
				for (const id of tokens) ids.push(id);
			}
		}
		return ids;
	}

	return (prompt) => {
		const ids: number[] = [];
		let plain = '';
		const flush = () => {
			if (plain !== '') for (const id of inertIds(plain)) ids.push(id);
			plain = '';
		};
		for (const part of prompt) {
			const runs: Run[] =
				'tokens' in part ? [{ ids: part.tokens }] : part.special ? splitSpecial(part.text) : [{ text: part.text }];
			for (const run of runs) {
				if ('text' in run) {
					plain += run.text;
				} else {
					flush();
					for (const id of run.ids) ids.push(id);
				}
			}
		}
		flush();
		return withOneBos(ids, vocabulary, prompt[0] !== undefined && 'tokens' in prompt[0]);
	};
}

function withOneBos(ids: number[], vocabulary: PromptVocabulary, isRaw: boolean): number[] {
	const { bos } = vocabulary;
	if (bos === null || isRaw) return ids;
	let leading = 0;
	while (ids[leading] === bos) leading++;
	if (leading === 1 || (leading === 0 && !vocabulary.addsBos)) return ids;
	return [bos, ...ids.slice(leading)];
}

/** The text in pieces none of which holds a mark. Linear: each cut starts the next search one character later. */
function cutMarks(text: string, mark: RegExp): string[] {
	const pieces: string[] = [];
	let rest = text;
	for (let match = mark.exec(rest); match !== null; match = mark.exec(rest)) {
		const first = String.fromCodePoint(match[0].codePointAt(0) ?? 0);
		// A mark of one character cannot be cut: inertIds drops its id, the character goes unseen.
		pieces.push(rest.slice(0, match.index + first.length));
		rest = rest.slice(match.index + first.length);
	}
	if (rest !== '') pieces.push(rest);
	return pieces;
}

function escapePattern(text: string): string {
	return text.replace(/[\\^$.*+?()[\]{}|/]/g, '\\$&');
}
