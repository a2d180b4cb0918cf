import { ALL, intersectRanges } from './code-points.ts';
import type { CodePointRange } from './expression.ts';
import { LIMITS } from './limits.ts';
import type { Language, Pattern } from './pattern-syntax.ts';

/** Deterministic. State 0 is the start; a string is in the language when it ends in an accepting state. */
export type Automaton = { states: AutomatonState[] };
export type AutomatonState = { isAccepting: boolean; edges: { ranges: CodePointRange[]; target: number }[] };

export type AutomatonBounds = { minLength: number; maxLength: number | null };

/** Work left for one schema; shared by all of its patterns, so that no schema can stall the process. */
export type WorkBudget = { steps: number };

/** null when it grows past its limits. */
export function buildAutomaton(
	languages: readonly Language[],
	{ minLength, maxLength }: AutomatonBounds,
	budget: WorkBudget,
): Automaton | null {
	const machines: Machine[] = [];
	for (const language of languages) {
		for (const pattern of language.must) machines.push(createMachine(pattern, false));
		for (const pattern of language.mustNot) machines.push(createMachine(pattern, true));
	}
	const atoms = alphabet(machines);
	const countLimit = maxLength ?? minLength;
	const known = new Map<string, number>();
	const places: { sets: number[][]; length: number }[] = [];

	/** The state of this place, made when it is new; null where no string can be saved any more. */
	function stateOf(sets: number[][], length: number): number | null {
		if (maxLength !== null && length > maxLength) return null;
		const isDead = machines.some((machine, index) => !machine.isNegated && sets[index]?.length === 0);
		if (isDead) return null;
		const counted = Math.min(length, countLimit);
		const key = `${counted};${sets.map((set) => set.join(',')).join(';')}`;
		const found = known.get(key);
		if (found !== undefined) return found;
		known.set(key, places.length);
		places.push({ sets, length: counted });
		return places.length - 1;
	}

	const start = machines.map((machine) => machine.close([0], budget));
	if (stateOf(start, 0) === null) return { states: [{ isAccepting: false, edges: [] }] };
	const states: AutomatonState[] = [];
	for (let index = 0; index < places.length; index++) {
		if (index >= LIMITS.automatonStates || budget.steps <= 0) return null;
		const { sets, length } = places[index] ?? { sets: [], length: 0 };
		const matches = machines.every((machine, at) => machine.accepts(sets[at] ?? []) !== machine.isNegated);
		const byTarget = new Map<number, CodePointRange[]>();
		for (const atom of atoms) {
			const next = machines.map((machine, at) => machine.step(sets[at] ?? [], atom[0], budget));
			const target = stateOf(next, length + 1);
			if (target === null) continue;
			const ranges = byTarget.get(target);
			const before = ranges?.at(-1);
			if (ranges === undefined) byTarget.set(target, [atom]);
			else if (before !== undefined && before[1] + 1 === atom[0]) ranges[ranges.length - 1] = [before[0], atom[1]];
			else ranges.push(atom);
		}
		states.push({
			isAccepting: matches && length >= Math.min(minLength, countLimit),
			edges: [...byTarget].map(([target, ranges]) => ({ target, ranges })),
		});
	}
	return { states: withoutDeadEnds(states) };
}

export function accepts(automaton: Automaton, text: string): boolean {
	let state = automaton.states[0];
	for (const character of text) {
		const code = character.codePointAt(0) ?? 0;
		const edge = state?.edges.find(({ ranges }) => ranges.some(([first, last]) => first <= code && code <= last));
		if (edge === undefined) return false;
		state = automaton.states[edge.target];
	}
	return state?.isAccepting ?? false;
}

export function isEmpty(automaton: Automaton): boolean {
	return !automaton.states.some((state) => state.isAccepting);
}

function withoutDeadEnds(states: AutomatonState[]): AutomatonState[] {
	const sources = states.map((): number[] => []);
	states.forEach((state, index) => {
		for (const { target } of state.edges) sources[target]?.push(index);
	});
	const alive = new Set<number>();
	const todo = states.flatMap((state, index) => (state.isAccepting ? [index] : []));
	for (let index = todo.pop(); index !== undefined; index = todo.pop()) {
		if (alive.has(index)) continue;
		alive.add(index);
		todo.push(...(sources[index] ?? []));
	}
	return states.map((state) => ({ ...state, edges: state.edges.filter(({ target }) => alive.has(target)) }));
}

type Machine = {
	isNegated: boolean;
	ranges: readonly CodePointRange[];
	close(states: readonly number[], budget: WorkBudget): number[];
	step(states: readonly number[], code: number, budget: WorkBudget): number[];
	accepts(states: readonly number[]): boolean;
};

/** Past this many states of one pattern, counted repetitions written out, nothing useful comes of it. */
const MAX_NODES = 20_000;

/** Thompson's construction; state 1 accepts. */
function createMachine(pattern: Pattern, isNegated: boolean): Machine {
	const silent: number[][] = [[], []];
	const edges: { ranges: readonly CodePointRange[]; target: number }[][] = [[], []];
	const ranges: CodePointRange[] = [];

	function node(): number {
		silent.push([]);
		edges.push([]);
		return silent.length - 1;
	}
	function connect(from: number, to: number, part: Pattern): void {
		if (silent.length > MAX_NODES) return;
		switch (part.kind) {
			case 'set':
				edges[from]?.push({ ranges: part.ranges, target: to });
				ranges.push(...part.ranges);
				return;
			case 'sequence': {
				let at = from;
				part.items.forEach((item, index) => {
					const next = index === part.items.length - 1 ? to : node();
					connect(at, next, item);
					at = next;
				});
				if (part.items.length === 0) silent[from]?.push(to);
				return;
			}
			case 'choice':
				for (const option of part.options) connect(from, to, option);
				return;
			case 'repeat': {
				let at = node();
				silent[from]?.push(at);
				for (let count = 0; count < part.min; count++) {
					const next = node();
					connect(at, next, part.item);
					at = next;
				}
				if (part.max === null) {
					const loop = node();
					silent[at]?.push(loop);
					const back = node();
					connect(loop, back, part.item);
					silent[back]?.push(loop);
					silent[loop]?.push(to);
					return;
				}
				for (let count = part.min; count < part.max; count++) {
					silent[at]?.push(to);
					const next = node();
					connect(at, next, part.item);
					at = next;
				}
				silent[at]?.push(to);
				return;
			}
		}
	}
	connect(0, 1, pattern);
	const isTooLarge = silent.length > MAX_NODES;

	function close(states: readonly number[], budget: WorkBudget): number[] {
		if (isTooLarge) budget.steps = 0;
		const seen = new Set<number>();
		const todo = [...states];
		for (let state = todo.pop(); state !== undefined; state = todo.pop()) {
			if (seen.has(state)) continue;
			budget.steps--;
			seen.add(state);
			todo.push(...(silent[state] ?? []));
		}
		// States without a way on by a character, but for the accepting one, say nothing.
		return [...seen].filter((state) => state === 1 || (edges[state]?.length ?? 0) > 0).sort((a, b) => a - b);
	}
	return {
		isNegated,
		ranges,
		close,
		step(states, code, budget) {
			const next = new Set<number>();
			for (const state of states) {
				for (const edge of edges[state] ?? []) {
					budget.steps--;
					if (edge.ranges.some(([first, last]) => first <= code && code <= last)) next.add(edge.target);
				}
			}
			return close([...next], budget);
		},
		accepts: (states) => states.includes(1),
	};
}

/** The coarsest division of all characters that no set of any machine cuts through. */
function alphabet(machines: readonly Machine[]): CodePointRange[] {
	const cuts = new Set<number>([0, 0x20, 0xd800, 0xe000, 0x110000]);
	for (const { ranges } of machines) {
		for (const [first, last] of ranges) cuts.add(first).add(last + 1);
	}
	const sorted = [...cuts].filter((cut) => cut <= 0x110000).sort((a, b) => a - b);
	const pieces = sorted.slice(0, -1).map((cut, index): CodePointRange => [cut, (sorted[index + 1] ?? cut + 1) - 1]);
	return pieces.filter((piece) => intersectRanges([piece], ALL).length > 0);
}
