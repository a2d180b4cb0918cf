import type { Expression } from './expression.ts';

/** An expression as GBNF, as llama.cpp's llama-grammar.cpp (v0.5.0) reads it. */
export function printExpression(expression: Expression): string {
	return print(expression, 'choice');
}

type Place = 'choice' | 'sequence' | 'item';

function print(expression: Expression, place: Place): string {
	switch (expression.kind) {
		case 'text':
			return `"${[...expression.text].map(escapeInText).join('')}"`;
		case 'class':
			return `[${expression.ranges.map(([first, last]) => (first === last ? escapeInClass(first) : `${escapeInClass(first)}-${escapeInClass(last)}`)).join('')}]`;
		case 'rule':
			return expression.name;
		case 'sequence': {
			if (expression.items.length === 0) return '""';
			const body = expression.items.map((item) => print(item, 'item')).join(' ');
			return place === 'item' ? `(${body})` : body;
		}
		case 'choice': {
			const body = expression.options.map((option) => print(option, 'sequence')).join(' | ');
			return place === 'choice' ? body : `(${body})`;
		}
		case 'repeat': {
			const item = print(expression.item, 'item');
			const isRepeated = expression.item.kind === 'repeat';
			return (isRepeated ? `(${item})` : item) + quantifier(expression.min, expression.max);
		}
	}
}

function quantifier(min: number, max: number | null): string {
	if (min === 0 && max === null) return '*';
	if (min === 1 && max === null) return '+';
	if (min === 0 && max === 1) return '?';
	if (max === null) return `{${min},}`;
	return min === max ? `{${min}}` : `{${min},${max}}`;
}

function escapeInText(character: string): string {
	if (character === '"' || character === '\\') return `\\${character}`;
	const code = character.codePointAt(0) ?? 0;
	return code < 0x20 || code === 0x7f ? `\\x${hex(code, 2)}` : character;
}

/** Letters and digits as they are, all else by number: no character has a meaning of its own then. */
function escapeInClass(code: number): string {
	const character = String.fromCodePoint(code);
	if (/^[A-Za-z0-9]$/.test(character)) return character;
	if (code <= 0xff) return `\\x${hex(code, 2)}`;
	return code <= 0xffff ? `\\u${hex(code, 4)}` : `\\U${hex(code, 8)}`;
}

function hex(code: number, digits: number): string {
	return code.toString(16).toUpperCase().padStart(digits, '0');
}
