import type { PromptPart } from '../protocol/worker-api.ts';
import { createPromptSplitter, withOneBos } from '../tokens/split-prompt.ts';
import { LEFT_STRIP, RIGHT_STRIP, type Vocabulary } from './vocabulary.ts';

/** What tokenising needs of a vocabulary, so that tests can bring their own. */
export type PromptVocabulary = Pick<Vocabulary, 'bos' | 'addsBos' | 'marks' | 'isMark' | 'attributes' | 'tokenise'>;

/** Prompt parts to token ids: marks out of `special` parts alone, and at most one BOS before them. */
export function createPromptTokeniser(vocabulary: PromptVocabulary): (prompt: readonly PromptPart[]) => number[] {
	const split = createPromptSplitter({
		ids: vocabulary.marks,
		stripsLeft: (id) => (vocabulary.attributes(id) & LEFT_STRIP) !== 0,
		stripsRight: (id) => (vocabulary.attributes(id) & RIGHT_STRIP) !== 0,
	});

	function pushInert(ids: number[], text: string): void {
		const tokens = vocabulary.tokenise(text, false);
		if (!tokens.some(vocabulary.isMark)) {
			for (const id of tokens) ids.push(id);
			return;
		}
		// A mark of one character cannot be cut: it goes, the rest stays.
		for (const character of text)
			for (const id of vocabulary.tokenise(character, false)) if (!vocabulary.isMark(id)) ids.push(id);
	}

	return (prompt) => {
		const ids: number[] = [];
		for (const run of split(prompt)) {
			if ('text' in run) pushInert(ids, run.text);
			else for (const id of run.ids) ids.push(id);
		}
		return withOneBos(ids, vocabulary.bos, vocabulary.addsBos, prompt);
	};
}
