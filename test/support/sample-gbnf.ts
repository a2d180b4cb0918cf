import type { Gbnf, GbnfNode } from './gbnf.ts';

/** A number in 0..1, from a seed: the same seed, the same numbers (mulberry32). */
export function seededRandom(seed: number): () => number {
	let state = seed >>> 0;
	return () => {
		state = (state + 0x6d2b79f5) >>> 0;
		let mixed = Math.imul(state ^ (state >>> 15), state | 1);
		mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
	};
}

export type Sampler = (random: () => number) => string;

/**
 * Draws texts of a grammar. Every choice is open until the text has grown long; then the way out that takes the fewest
 * steps is taken.
 */
export function createSampler(grammar: Gbnf): Sampler {
	const depths = shortestDepths(grammar);
	const depthOf = (node: GbnfNode) => nodeDepth(node, depths);

	return (random) => {
		let budget = 300;
		let out = '';
		function write(node: GbnfNode): void {
			budget--;
			switch (node.kind) {
				case 'text':
					out += String.fromCodePoint(...node.codes);
					return;
				case 'token':
					out += node.text;
					return;
				case 'class': {
					if (node.isNegated) throw new Error('no sampling of negated classes');
					const range = node.ranges[Math.floor(random() * node.ranges.length)] ?? [0x20, 0x20];
					// The edges are where mistakes live.
					const edge = random();
					const width = Math.min(range[1] - range[0], random() < 0.9 ? 0x60 : 0x110000);
					const code = edge < 0.2 ? range[0] : edge < 0.3 ? range[1] : range[0] + Math.floor(random() * (width + 1));
					out += String.fromCodePoint(code);
					return;
				}
				case 'rule': {
					const body = grammar.get(node.name);
					if (body === undefined) throw new Error(`no rule ${node.name}`);
					write(body);
					return;
				}
				case 'sequence':
					for (const item of node.items) write(item);
					return;
				case 'choice': {
					const drawn =
						budget < 0
							? [...node.options].sort((a, b) => depthOf(a) - depthOf(b))[0]
							: node.options[Math.floor(random() * node.options.length)];
					if (drawn !== undefined) write(drawn);
					return;
				}
				case 'repeat': {
					for (let count = 0; count < node.min; count++) write(node.item);
					const spread = random() < 0.1 ? 40 : 4;
					const most = Math.min(node.max, node.min + spread) - node.min;
					const more = budget < 0 ? 0 : random() < 0.1 ? most : Math.floor(random() * (most + 1));
					for (let count = 0; count < more && budget > 0; count++) write(node.item);
					return;
				}
			}
		}
		write({ kind: 'rule', name: 'root' });
		return out;
	};
}

/** How many rules deep the shallowest text of each rule goes. */
function shortestDepths(grammar: Gbnf): Map<string, number> {
	const depths = new Map<string, number>();
	for (let isChanging = true; isChanging; ) {
		isChanging = false;
		for (const [name, body] of [...grammar].reverse()) {
			const depth = nodeDepth(body, depths) + 1;
			if (depth < (depths.get(name) ?? Number.POSITIVE_INFINITY)) {
				depths.set(name, depth);
				isChanging = true;
			}
		}
	}
	return depths;
}

function nodeDepth(node: GbnfNode, depths: ReadonlyMap<string, number>): number {
	switch (node.kind) {
		case 'text':
		case 'class':
		case 'token':
			return 0;
		case 'rule':
			return depths.get(node.name) ?? Number.POSITIVE_INFINITY;
		case 'sequence':
			return Math.max(0, ...node.items.map((item) => nodeDepth(item, depths)));
		case 'choice':
			return Math.min(...node.options.map((option) => nodeDepth(option, depths)));
		case 'repeat':
			return node.min === 0 ? 0 : nodeDepth(node.item, depths);
	}
}
