import { internalError } from '../../errors.ts';
import { choice, EMPTY, type Expression, rule, sequence } from './expression.ts';
import { LIMITS } from './limits.ts';
import { printExpression } from './print-expression.ts';

/** Repetitions come in blocks of this many: well below the 2,000 past which llama.cpp drops a bound without a word. */
const BLOCK = 1_000;

export type GrammarBuilder = {
	/** A new rule's name; `define` it before the grammar is printed. */
	name(hint: string): string;
	define(name: string, body: Expression): void;
	/** The rule with this body: the one that is there already, if one is. */
	share(hint: string, body: Expression): Expression;
	/** `item` min to max times, exactly, however large the numbers. */
	repeat(item: Expression, min: number, max: number | null): Expression;
	/** The GBNF; null when no finite text matches `root`. */
	print(root: Expression): string | null;
};

/** Throws what `tooComplex` makes when the grammar grows past its limits. */
export function createGrammarBuilder(tooComplex: () => Error): GrammarBuilder {
	const rules = new Map<string, Expression>();
	const shared = new Map<string, Expression>();
	let names = 0;

	function name(hint: string): string {
		if (++names > LIMITS.rules) throw tooComplex();
		return `${hint}-${names}`;
	}

	function share(hint: string, body: Expression): Expression {
		if (body.kind === 'rule') return body;
		const key = printExpression(body);
		const known = shared.get(key);
		if (known !== undefined) return known;
		const fresh = rule(name(hint));
		if (fresh.kind === 'rule') rules.set(fresh.name, body);
		shared.set(key, fresh);
		return fresh;
	}

	function times(item: Expression, count: number): Expression {
		if (count === 0) return EMPTY;
		if (count <= BLOCK) return { kind: 'repeat', item, min: count, max: count };
		const block = share('block', { kind: 'repeat', item, min: BLOCK, max: BLOCK });
		return sequence(times(block, Math.floor(count / BLOCK)), times(item, count % BLOCK));
	}

	/** At most `count`: a part of a block, or a whole one and at most the rest. */
	function upTo(item: Expression, count: number): Expression {
		if (count === 0) return EMPTY;
		if (count <= BLOCK) return { kind: 'repeat', item, min: 0, max: count };
		const part = share('part', { kind: 'repeat', item, min: 0, max: BLOCK - 1 });
		const block = share('block', { kind: 'repeat', item, min: BLOCK, max: BLOCK });
		const rest = count % BLOCK;
		let tail = share('rest', upTo(item, rest));
		for (let index = 0; index < Math.floor(count / BLOCK); index++) {
			tail = share('blocks', choice(part, sequence(block, tail)));
		}
		return tail;
	}

	return {
		name,
		define: (ruleName, body) => void rules.set(ruleName, body),
		share,
		repeat(item, min, max) {
			// A group would count all of its rules towards llama.cpp's limit on repetitions.
			const unit = item.kind === 'rule' || item.kind === 'class' ? item : share('item', item);
			if (max === null) return sequence(times(unit, min), { kind: 'repeat', item: unit, min: 0, max: null });
			if (max <= BLOCK) return min === 0 && max === 0 ? EMPTY : { kind: 'repeat', item: unit, min, max };
			return sequence(times(unit, min), upTo(unit, max - min));
		},
		print(root) {
			const productive = findProductive(rules);
			const start = prune(root, productive);
			if (start === null) return null;
			const lines = new Map<string, string>();
			collect(start);
			return [`root ::= ${printExpression(start)}`, ...[...lines.values()], ''].join('\n');

			function collect(from: Expression): void {
				const todo = [from];
				for (let expression = todo.pop(); expression !== undefined; expression = todo.pop()) {
					for (const reference of references(expression)) {
						if (lines.has(reference)) continue;
						const body = prune(rules.get(reference) ?? EMPTY, productive);
						if (body === null) throw internalError(new Error(`rule ${reference} was not pruned`));
						lines.set(reference, `${reference} ::= ${printExpression(body)}`);
						todo.push(body);
					}
				}
			}
		},
	};
}

function references(expression: Expression): string[] {
	switch (expression.kind) {
		case 'rule':
			return [expression.name];
		case 'sequence':
			return expression.items.flatMap(references);
		case 'choice':
			return expression.options.flatMap(references);
		case 'repeat':
			return references(expression.item);
		case 'text':
		case 'class':
			return [];
	}
}

/** The rules that some finite text matches. The others would let a model write for ever. */
function findProductive(rules: ReadonlyMap<string, Expression>): ReadonlySet<string> {
	const productive = new Set<string>();
	// Users come before what they use as often as not: going backwards first settles most rules at once.
	const pending = new Map([...rules].reverse());
	for (let isChanging = true; isChanging; ) {
		isChanging = false;
		for (const [name, body] of pending) {
			if (prune(body, productive) === null) continue;
			productive.add(name);
			pending.delete(name);
			isChanging = true;
		}
	}
	return productive;
}

/** The expression without its impossible alternatives; null when nothing is left. */
function prune(expression: Expression, productive: ReadonlySet<string>): Expression | null {
	switch (expression.kind) {
		case 'text':
			return expression;
		case 'class':
			return expression.ranges.length > 0 ? expression : null;
		case 'rule':
			return productive.has(expression.name) ? expression : null;
		case 'sequence': {
			const items: Expression[] = [];
			for (const item of expression.items) {
				const kept = prune(item, productive);
				if (kept === null) return null;
				items.push(kept);
			}
			return sequence(...items);
		}
		case 'choice': {
			const options = expression.options.map((option) => prune(option, productive)).filter((option) => option !== null);
			return options.length === 0 ? null : choice(...options);
		}
		case 'repeat': {
			const item = prune(expression.item, productive);
			if (item !== null) return { ...expression, item };
			return expression.min === 0 ? EMPTY : null;
		}
	}
}
