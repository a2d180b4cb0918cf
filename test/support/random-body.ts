import fc from 'fast-check';
import { schemaArbitrary } from './schema-arbitrary.ts';

const JUNK = [null, true, false, 0, -1, 1.5, 1e308, -0, 2 ** 53, '', 'x', '0', [], {}, [[]], [null], { '': {} }];
const junk = fc.oneof(fc.constantFrom<unknown>(...JUNK), fc.jsonValue({ maxDepth: 3 }));

type Step = { at: number; kind: 'replace' | 'drop' | 'add' | 'double' | 'nest'; value: unknown; key: string };
const step: fc.Arbitrary<Step> = fc.record({
	at: fc.nat(),
	kind: fc.constantFrom('replace', 'replace', 'drop', 'add', 'double', 'nest'),
	value: junk,
	key: fc.oneof(
		fc.constantFrom('type', 'role', 'content', 'stream', 'n', 'tools', 'toString'),
		fc.string({ maxLength: 8 }),
	),
});

/**
 * Texts of request bodies for an operation whose body has this schema: right ones, right ones with something broken in
 * them, JSON of no such form, and what is no JSON.
 */
export function randomBody(document: Parameters<typeof schemaArbitrary>[0], schema: string): fc.Arbitrary<string> {
	const fitting = schemaArbitrary(document, schema);
	const broken = fc
		.tuple(fitting, fc.array(step, { minLength: 1, maxLength: 3 }))
		.map(([body, steps]) => steps.reduce((value, one) => mutate(value, one), structuredClone(body)));
	const noise = fc.string({ unit: 'binary', maxLength: 40 });
	const cut = fc.tuple(fitting, fc.nat(), noise).map(([body, at, tail]) => {
		const json = JSON.stringify(body);
		return json.slice(0, at % (json.length + 1)) + tail;
	});
	return fc.oneof(
		{ weight: 8, arbitrary: fitting.map((body) => JSON.stringify(body)) },
		{ weight: 10, arbitrary: broken.map((body) => JSON.stringify(body) ?? '') },
		{ weight: 1, arbitrary: fc.json({ maxDepth: 4 }) },
		{ weight: 1, arbitrary: cut },
		{ weight: 1, arbitrary: noise },
	);
}

/** One change at one of the value's places, counted through. */
function mutate(root: unknown, { at, kind, value: drawn, key }: Step): unknown {
	const value = structuredClone(drawn); // or two places would share it, and a later step could tie it into a knot
	const holder = { root };
	const places: [container: Record<string, unknown>, key: string][] = [];
	collect(holder, places);
	const place = places[at % places.length];
	if (place === undefined) return root;
	const [container, name] = place;
	const old = container[name];
	switch (kind) {
		case 'replace':
			container[name] = value;
			break;
		case 'drop':
			if (Array.isArray(container)) container.splice(Number(name), 1);
			else delete container[name];
			break;
		case 'add':
			if (typeof old === 'object' && old !== null) Object.assign(old, { [key]: value });
			break;
		case 'double':
			container[name] = [old, old];
			break;
		case 'nest':
			container[name] = { [key]: old };
			break;
	}
	return holder.root;
}

function collect(container: object, places: [Record<string, unknown>, string][]): void {
	for (const [key, value] of Object.entries(container)) {
		places.push([container as Record<string, unknown>, key]); // arrays too: their keys are their indexes
		if (typeof value === 'object' && value !== null) collect(value, places);
	}
}
