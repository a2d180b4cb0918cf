/** GBNF as the grammar notation's README has it, read without llama.cpp's help: what tests hold grammars against. */
export type GbnfNode =
	| { kind: 'text'; codes: number[] }
	| { kind: 'class'; isNegated: boolean; ranges: [number, number][] }
	| { kind: 'rule'; name: string }
	| { kind: 'token'; text: string }
	| { kind: 'sequence'; items: GbnfNode[] }
	| { kind: 'choice'; options: GbnfNode[] }
	| { kind: 'repeat'; item: GbnfNode; min: number; max: number };

export type Gbnf = Map<string, GbnfNode>;

const ESCAPES: Record<string, number> = { t: 9, n: 10, r: 13 };

export function parseGbnf(source: string): Gbnf {
	const rules: Gbnf = new Map();
	let at = 0;
	const fail = (what: string): never => {
		throw new SyntaxError(`${what} at ${at}: ${source.slice(at, at + 40)}`);
	};
	const space = (newlines: boolean) => {
		const pattern = newlines ? /(?:[ \t\r\n]|#[^\n]*)*/y : /[ \t]*/y;
		pattern.lastIndex = at;
		at += pattern.exec(source)?.[0].length ?? 0;
	};
	const word = () => {
		const pattern = /[A-Za-z0-9-]+/y;
		pattern.lastIndex = at;
		const found = pattern.exec(source)?.[0] ?? fail('expected a name');
		at += found.length;
		return found;
	};
	const code = (): number => {
		if (source[at] !== '\\') {
			const found = source.codePointAt(at) ?? fail('unexpected end');
			at += found > 0xffff ? 2 : 1;
			return found;
		}
		const letter = source[at + 1] ?? fail('unexpected end');
		at += 2;
		const digits = { x: 2, u: 4, U: 8 }[letter];
		if (digits === undefined) return ESCAPES[letter] ?? letter.charCodeAt(0);
		const hex = source.slice(at, at + digits);
		at += digits;
		return Number.parseInt(hex, 16);
	};
	function alternatives(isNested: boolean): GbnfNode {
		const options = [items(isNested)];
		while (source[at] === '|') {
			at++;
			space(true);
			options.push(items(isNested));
		}
		return options.length === 1 && options[0] !== undefined ? options[0] : { kind: 'choice', options };
	}
	function items(isNested: boolean): GbnfNode {
		const list: GbnfNode[] = [];
		for (let node = item(isNested); node !== null; node = item(isNested)) list.push(quantified(node, isNested));
		return { kind: 'sequence', items: list };
	}
	function item(isNested: boolean): GbnfNode | null {
		const character = source[at];
		let node: GbnfNode;
		if (character === '"') {
			at++;
			const codes: number[] = [];
			while (source[at] !== '"') codes.push(code());
			at++;
			node = { kind: 'text', codes };
		} else if (character === '[') {
			at++;
			const isNegated = source[at] === '^';
			if (isNegated) at++;
			const ranges: [number, number][] = [];
			while (source[at] !== ']') {
				const first = code();
				const isRange = source[at] === '-' && source[at + 1] !== ']';
				if (isRange) at++;
				ranges.push([first, isRange ? code() : first]);
			}
			at++;
			node = { kind: 'class', isNegated, ranges };
		} else if (character === '<') {
			const end = source.indexOf('>', at) + 1;
			node = { kind: 'token', text: source.slice(at, end) };
			at = end;
		} else if (character === '(') {
			at++;
			space(true);
			node = alternatives(true);
			if (source[at] !== ')') fail('expected )');
			at++;
		} else if (character !== undefined && /[A-Za-z0-9-]/.test(character)) {
			node = { kind: 'rule', name: word() };
		} else {
			return null;
		}
		space(isNested);
		return node;
	}
	function quantified(node: GbnfNode, isNested: boolean): GbnfNode {
		const pattern = /\*|\+|\?|\{(\d+)(,(\d*))?\}/y;
		pattern.lastIndex = at;
		const found = pattern.exec(source);
		if (found === null) return node;
		at += found[0].length;
		space(isNested);
		if (found[0] === '*') return { kind: 'repeat', item: node, min: 0, max: Number.POSITIVE_INFINITY };
		if (found[0] === '+') return { kind: 'repeat', item: node, min: 1, max: Number.POSITIVE_INFINITY };
		if (found[0] === '?') return { kind: 'repeat', item: node, min: 0, max: 1 };
		const min = Number(found[1]);
		const max = found[2] === undefined ? min : found[3] === '' ? Number.POSITIVE_INFINITY : Number(found[3]);
		return { kind: 'repeat', item: node, min, max };
	}
	space(true);
	while (at < source.length) {
		const name = word();
		space(false);
		if (!source.startsWith('::=', at)) fail('expected ::=');
		at += 3;
		space(true);
		rules.set(name, alternatives(false));
		if (at < source.length && source[at] !== '\n') fail('expected a line end');
		space(true);
	}
	return rules;
}

/** A place inside the rules: what is still to come, as a list that shares its tails. */
type Frame = { node: GbnfNode; count: number; next: Frame | null };

/**
 * Whether the whole text matches. Keeps every way of reading it so far; control tokens are letters of their own, given
 * as `{ token }`.
 */
export function matchesGbnf(grammar: Gbnf, text: string | readonly (string | { token: string })[]): boolean {
	const pieces = typeof text === 'string' ? [text] : text;
	const input = pieces.flatMap((piece): (number | string)[] =>
		typeof piece === 'string' ? [...piece].map((character) => character.codePointAt(0) ?? 0) : [piece.token],
	);
	const identities = new Map<object, number>();
	const identity = (value: object) => {
		const known = identities.get(value) ?? identities.size;
		identities.set(value, known);
		return known;
	};
	const interned = new Map<string, Frame>();
	const frame = (node: GbnfNode, count: number, next: Frame | null): Frame => {
		const key = `${identity(node)}/${count}/${next === null ? '' : identity(next)}`;
		const known = interned.get(key) ?? { node, count, next };
		interned.set(key, known);
		return known;
	};

	function spread(start: (Frame | null)[]): Set<Frame | null> {
		const ready = new Set<Frame | null>();
		const seen = new Set<Frame | null>();
		const todo = [...start];
		while (todo.length > 0) {
			const top = todo.pop() ?? null;
			if (seen.has(top)) continue;
			seen.add(top);
			if (top === null) {
				ready.add(null);
				continue;
			}
			const { node, count, next } = top;
			switch (node.kind) {
				case 'class':
				case 'token':
					ready.add(top);
					break;
				case 'text':
					if (count < node.codes.length) ready.add(top);
					else todo.push(next);
					break;
				case 'rule': {
					const body = grammar.get(node.name);
					if (body === undefined) throw new SyntaxError(`no rule ${node.name}`);
					todo.push(frame(body, 0, next));
					break;
				}
				case 'choice':
					for (const option of node.options) todo.push(frame(option, 0, next));
					break;
				case 'sequence': {
					const item = node.items[count];
					if (item === undefined) todo.push(next);
					else todo.push(frame(item, 0, count + 1 < node.items.length ? frame(node, count + 1, next) : next));
					break;
				}
				case 'repeat':
					if (count >= node.min) todo.push(next);
					if (count < node.max) {
						const again = node.max === Number.POSITIVE_INFINITY && count >= node.min ? count : count + 1;
						todo.push(frame(node.item, 0, frame(node, again, next)));
					}
					break;
			}
		}
		return ready;
	}

	const root = grammar.get('root');
	if (root === undefined) throw new SyntaxError('no root');
	let ready = spread([frame(root, 0, null)]);
	for (const unit of input) {
		const after: (Frame | null)[] = [];
		for (const top of ready) {
			if (top === null) continue;
			const { node, count, next } = top;
			if (node.kind === 'token') {
				if (node.text === unit) after.push(next);
			} else if (typeof unit === 'string') {
				// Only a token literal takes a control token.
			} else if (node.kind === 'text') {
				if (node.codes[count] === unit) after.push(frame(node, count + 1, next));
			} else if (node.kind === 'class') {
				const isIn = node.ranges.some(([first, last]) => first <= unit && unit <= last);
				if (isIn !== node.isNegated) after.push(next);
			}
		}
		if (after.length === 0) return false;
		ready = spread(after);
	}
	return ready.has(null);
}
