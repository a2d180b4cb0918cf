import type { ChatTool } from '../../protocol/chat-tools.ts';
import type { Sentinels } from './sentinels.ts';

/** JSON schema's own words, on which templates branch: they stay readable, everything else is a client's. */
const SCHEMA_WORDS = new Set(
	`type function name description parameters properties required items enum const default anyOf oneOf allOf $ref $defs
	additionalProperties format pattern minimum maximum minItems maxItems minLength maxLength strict title
	object array string number integer boolean null`.split(/\s+/),
);

/** The tool list with a client's words behind sentinels; null for none, as templates expect. */
export function toTemplateTools(tools: readonly ChatTool[], sentinels: Sentinels): unknown[] | null {
	if (tools.length === 0) return null;
	return tools.map((tool) => markTree(withoutAbsent(tool), sentinels));
}

function markTree(value: unknown, sentinels: Sentinels): unknown {
	if (typeof value === 'string') return markWord(value, sentinels);
	if (Array.isArray(value)) return value.map((item) => markTree(item, sentinels));
	if (typeof value !== 'object' || value === null) return value;
	return Object.fromEntries(
		Object.entries(value).map(([key, child]) => [markWord(key, sentinels), markTree(child, sentinels)]),
	);
}

function markWord(word: string, sentinels: Sentinels): string {
	return word === '' || SCHEMA_WORDS.has(word) ? word : sentinels.mark(word, 'json');
}

/** Templates show a key that is there, even without a value. */
function withoutAbsent({ type, function: { name, description, parameters } }: ChatTool): unknown {
	return {
		type,
		function: {
			name,
			...(description === undefined ? {} : { description }),
			...(parameters === undefined ? {} : { parameters }),
		},
	};
}
