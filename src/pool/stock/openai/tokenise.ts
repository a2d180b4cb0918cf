import { invalidRequest } from '../../../errors.ts';
import type { PromptPart } from '../../../protocol/worker-api.ts';
import { createPromptSplitter, withOneBos } from '../../../tokens/split-prompt.ts';
import type { Tokenizer } from './tokenizer.ts';

/** The ids of a text in which marks are found. */
export type EncodeText = (text: string, signal: AbortSignal) => Promise<number[]>;

export type Tokenise = (prompt: readonly PromptPart[], signal: AbortSignal) => Promise<number[]>;

/**
 * Prompts to ids by a tokeniser that finds marks wherever they are spelled: only texts that spell none reach it, all in one
 * call, with a mark between two of them.
 */
export function createTokenise(encode: EncodeText, tokenizer: Tokenizer): Tokenise {
	const { vocabulary, separator } = tokenizer;
	const split = createPromptSplitter({ ids: vocabulary.marks, ...tokenizer });
	return async (prompt, signal) => {
		const runs = split(prompt);
		const texts = runs.flatMap((run) => ('text' in run ? [run.text] : []));
		const groups = texts.length === 0 ? [] : cut(await encode(texts.join(separator.text), signal), separator.id);
		const isWhole = groups.length === texts.length && !groups.some((ids) => ids.some((id) => vocabulary.isMark(id)));
		if (texts.length > 0 && !isWhole) throw markInText();
		let next = 0;
		const ids = runs.flatMap((run) => ('text' in run ? (groups[next++] ?? []) : run.ids));
		return withOneBos(ids, vocabulary.bos, vocabulary.addsBos, prompt);
	};
}

/**
 * The same where nobody tokenises: ids that spell the prompt, to count and to resume by. The prompt itself goes as text, in
 * which the server finds marks, so a text that spells one is refused.
 */
export function createSpelledTokenise(spell: (text: string) => number[], tokenizer: Tokenizer): Tokenise {
	const { vocabulary } = tokenizer;
	const split = createPromptSplitter({ ids: vocabulary.marks, ...tokenizer });
	return async (prompt) => {
		const spelled = prompt.map((part) => ('text' in part && !part.special ? part.text : '\n'));
		if ([...vocabulary.marks.keys()].some((mark) => spelled.some((text) => text.includes(mark)))) throw markInText();
		const ids = split(prompt).flatMap((run) => ('text' in run ? spell(run.text) : run.ids));
		return withOneBos(ids, vocabulary.bos, vocabulary.addsBos, prompt);
	};
}

function cut(ids: readonly number[], separator: number): number[][] {
	const groups: number[][] = [[]];
	for (const id of ids) {
		if (id === separator) groups.push([]);
		else groups.at(-1)?.push(id);
	}
	return groups;
}

function markInText(): Error {
	return invalidRequest(
		'messages',
		'unsupported_value',
		'A text holds a mark of the model that cannot be made harmless.',
	);
}
