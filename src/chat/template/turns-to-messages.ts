import type { ToolTurn } from '../tool-calls/tool-turns.ts';
import type { TemplateMessage } from './compile-template.ts';
import type { Sentinels, TextPart } from './sentinels.ts';
import type { TemplateTraits } from './template.ts';

/** Turns that already show tools, calls and results, as a template takes them. */
export function turnsToMessages(
	turns: readonly ToolTurn[],
	traits: TemplateTraits,
	sentinels: Sentinels,
): TemplateMessage[] {
	return placeSystem(turns, traits).map(({ role, content, name }) => {
		const parts = trim(content, traits.trimsStart.has(role), traits.trimsEnd.has(role));
		return {
			role,
			content: parts.length === 0 ? '' : sentinels.mark(parts),
			...(name === undefined ? {} : { name: sentinels.mark(name) }),
		};
	});
}

/** For a template that shows no system message its text leads the first question. */
function placeSystem(turns: readonly ToolTurn[], traits: TemplateTraits): readonly ToolTurn[] {
	const [system, ...others] = turns;
	const firstUser = others.findIndex(({ role }) => role === 'user');
	if (system?.role !== 'system' || traits.rendersSystem || firstUser === -1) return turns;
	return others.map((turn, index) =>
		index === firstUser
			? { ...turn, content: [...system.content, { text: '\n\n', special: true }, ...turn.content] }
			: turn,
	);
}

/** What the template would have trimmed is trimmed here: it never sees the text. */
function trim(content: readonly TextPart[], trimsStart: boolean, trimsEnd: boolean): TextPart[] {
	const parts = content.map((part) => ({ ...part }));
	for (let first = parts[0]; trimsStart && first !== undefined; first = parts[0]) {
		first.text = first.text.trimStart();
		if (first.text !== '') break;
		parts.shift();
	}
	for (let last = parts.at(-1); trimsEnd && last !== undefined; last = parts.at(-1)) {
		last.text = last.text.trimEnd();
		if (last.text !== '') break;
		parts.pop();
	}
	return parts;
}
