import { charClass, choice, EMPTY, type Expression, optional, rule, sequence, text } from './expression.ts';
import type { GrammarBuilder } from './grammar-builder.ts';

/** Compact JSON with at most one space after a comma or a colon: nothing that a model could repeat for ever. */
export const SPACE = optional(text(' '));
export const COMMA = sequence(text(','), SPACE);
export const COLON = sequence(text(':'), SPACE);
const QUOTE = text('"');

/** All that stands unescaped in a JSON string. Positive, since llama.cpp is wrong about half characters in `[^...]`. */
export const PLAIN_RANGES = [
	[0x20, 0x21],
	[0x23, 0x5b],
	[0x5d, 0xd7ff],
	[0xe000, 0x10ffff],
] as const;

const HEX = charClass([0x30, 0x39], [0x41, 0x46], [0x61, 0x66]);
const UNICODE_ESCAPE = choice(
	sequence(text('u'), charClass([0x30, 0x39], [0x41, 0x43], [0x45, 0x46], [0x61, 0x63], [0x65, 0x66]), HEX, HEX, HEX),
	sequence(text('u'), charClass([0x44, 0x44], [0x64, 0x64]), charClass([0x30, 0x37]), HEX, HEX),
	sequence(
		text('u'),
		charClass([0x44, 0x44], [0x64, 0x64]),
		charClass([0x38, 0x39], [0x41, 0x42], [0x61, 0x62]),
		HEX,
		HEX,
		text('\\u'),
		charClass([0x44, 0x44], [0x64, 0x64]),
		charClass([0x43, 0x46], [0x63, 0x66]),
		HEX,
		HEX,
	),
);

/** One code point inside a JSON string; half a surrogate pair is none. */
export function stringCharacter(grammar: GrammarBuilder): Expression {
	const short = charClass(...[...'"\\/bfnrt'].map((one) => [one.charCodeAt(0), one.charCodeAt(0)] as const));
	const escaped = sequence(text('\\'), grammar.share('escape', choice(short, UNICODE_ESCAPE)));
	return grammar.share('character', choice(charClass(...PLAIN_RANGES), escaped));
}

export function quoted(body: Expression): Expression {
	return sequence(QUOTE, body, QUOTE);
}

export function anyString(grammar: GrammarBuilder): Expression {
	return grammar.share('string', quoted(grammar.repeat(stringCharacter(grammar), 0, null)));
}

const DIGIT = charClass([0x30, 0x39]);
const NATURAL = choice(text('0'), sequence(charClass([0x31, 0x39]), { kind: 'repeat', item: DIGIT, min: 0, max: 14 }));

/** Fifteen digits at most: what a double holds exactly. */
export function anyInteger(grammar: GrammarBuilder): Expression {
	return grammar.share('integer', sequence(optional(text('-')), grammar.share('natural', NATURAL)));
}

export function anyNumber(grammar: GrammarBuilder): Expression {
	const fraction = sequence(text('.'), { kind: 'repeat', item: DIGIT, min: 1, max: 15 });
	const exponent = sequence(charClass([0x45, 0x45], [0x65, 0x65]), optional(charClass([0x2b, 0x2b], [0x2d, 0x2d])), {
		kind: 'repeat',
		item: DIGIT,
		min: 1,
		max: 2,
	});
	return grammar.share('number', sequence(anyInteger(grammar), optional(fraction), optional(exponent)));
}

export const BOOLEAN = choice(text('true'), text('false'));
export const NULL = text('null');

const anyValues = new WeakMap<GrammarBuilder, Expression>();

/** Any JSON value at all. */
export function anyValue(grammar: GrammarBuilder): Expression {
	const known = anyValues.get(grammar);
	if (known !== undefined) return known;
	const name = grammar.name('value');
	anyValues.set(grammar, rule(name));
	const object = anyObject(grammar);
	const array = grammar.share('array', list(grammar, rule(name)));
	grammar.define(name, choice(object, array, anyString(grammar), anyNumber(grammar), BOOLEAN, NULL));
	return rule(name);
}

export function anyObject(grammar: GrammarBuilder): Expression {
	const member = grammar.share('member', sequence(anyString(grammar), COLON, anyValue(grammar)));
	const more = grammar.share('more', sequence(COMMA, member));
	const members = choice(sequence(member, grammar.repeat(more, 0, null)), EMPTY);
	return grammar.share('object', sequence(text('{'), members, text('}')));
}

function list(grammar: GrammarBuilder, item: Expression): Expression {
	const more = grammar.share('more', sequence(COMMA, item));
	return sequence(text('['), choice(sequence(item, grammar.repeat(more, 0, null)), EMPTY), text(']'));
}

/** One value, spelled as JSON.stringify does, with the optional spaces. */
export function literal(value: unknown): Expression {
	if (Array.isArray(value)) {
		const items = value.flatMap((item, index) => (index === 0 ? [literal(item)] : [COMMA, literal(item)]));
		return sequence(text('['), ...items, text(']'));
	}
	if (typeof value === 'object' && value !== null) {
		const members = Object.entries(value).map(([key, child]) =>
			sequence(text(JSON.stringify(key)), COLON, literal(child)),
		);
		const separated = members.flatMap((member, index) => (index === 0 ? [member] : [COMMA, member]));
		return sequence(text('{'), ...separated, text('}'));
	}
	return text(JSON.stringify(value));
}
