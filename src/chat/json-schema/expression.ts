/** A closed range of code points. */
export type CodePointRange = readonly [first: number, last: number];

/** The right side of a grammar rule, before it is text. */
export type Expression =
	| { kind: 'text'; text: string }
	| { kind: 'class'; ranges: readonly CodePointRange[] }
	| { kind: 'rule'; name: string }
	| { kind: 'sequence'; items: readonly Expression[] }
	| { kind: 'choice'; options: readonly Expression[] }
	| { kind: 'repeat'; item: Expression; min: number; max: number | null };

export const EMPTY: Expression = { kind: 'sequence', items: [] };
/** Matches nothing at all; pruning removes what depends on it. */
export const NOTHING: Expression = { kind: 'choice', options: [] };

export const text = (literal: string): Expression => ({ kind: 'text', text: literal });
export const rule = (name: string): Expression => ({ kind: 'rule', name });
export const charClass = (...ranges: CodePointRange[]): Expression => ({ kind: 'class', ranges });
export const optional = (item: Expression): Expression => ({ kind: 'repeat', item, min: 0, max: 1 });

export function sequence(...items: Expression[]): Expression {
	const flat = items.flatMap((item) => (item.kind === 'sequence' ? item.items : [item]));
	const only = flat.length === 1 ? flat[0] : undefined;
	return only ?? { kind: 'sequence', items: flat };
}

export function choice(...options: Expression[]): Expression {
	const flat = options.flatMap((option) => (option.kind === 'choice' ? option.options : [option]));
	const only = flat.length === 1 ? flat[0] : undefined;
	return only ?? { kind: 'choice', options: flat };
}
