import type { ReasoningField } from '../protocol/chat-reasoning.ts';

export type PlacedText = { reasoning_content?: string; reasoning?: string; content?: string };

/**
 * Decides which fields of the wire a piece of thought or answer goes to. A placer belongs to one choice: with `tags`
 * it remembers whether the thought is open. An empty list means that nothing is shown.
 */
export type ReasoningPlacer = {
	reasoning(text: string): PlacedText[];
	content(text: string): PlacedText[];
	/** Closes a tag that the answer never closed, so that a client that splits at it finds an empty answer. */
	end(): PlacedText[];
};

const OPEN_TAG = '<think>\n';
const CLOSE_TAG = '\n</think>\n\n';

export function createReasoningPlacer(field: ReasoningField): ReasoningPlacer {
	if (field === 'tags') return createTagPlacer();
	return {
		reasoning: (text) => placeInField(field, text),
		content: (text) => [{ content: text }],
		end: () => [],
	};
}

function placeInField(field: Exclude<ReasoningField, 'tags'>, text: string): PlacedText[] {
	switch (field) {
		case 'reasoning_content':
			return [{ reasoning_content: text }];
		case 'reasoning':
			return [{ reasoning: text }];
		case 'both':
			return [{ reasoning_content: text, reasoning: text }];
		case 'hidden':
			return [];
	}
}

function createTagPlacer(): ReasoningPlacer {
	let isOpen = false;
	const close = () => {
		const tag = isOpen ? CLOSE_TAG : '';
		isOpen = false;
		return tag;
	};
	return {
		reasoning(text) {
			const tag = isOpen ? '' : OPEN_TAG;
			isOpen = true;
			return [{ content: tag + text }];
		},
		content: (text) => [{ content: close() + text }],
		end() {
			const tag = close();
			return tag === '' ? [] : [{ content: tag }];
		},
	};
}
