import fc from 'fast-check';
import { Stream } from 'openai/streaming';
import { expect, test } from 'vitest';
import { type Framing, NAMED_EVENTS, ndjson, SSE } from '../../src/gateway/framing.ts';

/** What could be taken for the end of a line, of an event or of a field, and what is cut badly. */
const text = fc
	.array(
		fc.constantFrom(
			'\n',
			'\r\n',
			'\r',
			'\n\n',
			'\u2028',
			'\u0085',
			'data: ',
			': ',
			'[DONE]',
			'\u0000',
			'\uD800',
			'👩‍👧',
			'ü',
			'a',
		),
		{ maxLength: 8 },
	)
	.map((parts) => parts.join(''));
const value = fc.record({ type: fc.constant('response.text'), text, nested: fc.jsonValue({ maxDepth: 2 }) });
/** Values, with how many silences come before each. */
const values = fc.array(fc.tuple(value, fc.nat({ max: 2 })), { maxLength: 6 });
const cuts = fc.array(fc.nat({ max: 2000 }), { maxLength: 12 });

function wire(framing: Framing, list: [object, number][]): Uint8Array {
	const frames = list.flatMap(([one, silences]) => [
		...Array(silences).fill(framing.silence('queued 1')),
		framing.value(one),
	]);
	return new TextEncoder().encode([...frames, framing.end].join(''));
}

/** The bytes as a network may hand them on: cut anywhere, in the middle of a character too. */
function pieces(bytes: Uint8Array, at: number[]): Uint8Array[] {
	const ends = [...new Set([...at.map((one) => one % (bytes.length + 1)), bytes.length])].sort((a, b) => a - b);
	return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

async function readBack(chunks: Uint8Array[]): Promise<unknown[]> {
	const stream = Stream.fromSSEResponse(new Response(ReadableStream.from(chunks)), new AbortController());
	const read: unknown[] = [];
	for await (const one of stream) read.push(one);
	return read;
}

test.each([
	['data lines', SSE],
	['named events', NAMED_EVENTS],
])("%s are read back by OpenAI's own client as they were, wherever the network cuts them", async (_name, framing) => {
	await fc.assert(
		fc.asyncProperty(values, cuts, async (list, at) => {
			const expected = JSON.parse(JSON.stringify(list.map(([one]) => one)));
			expect(await readBack(pieces(wire(framing, list), at))).toEqual(expected);
		}),
		{ numRuns: 300 },
	);
});

test('lines of JSON are read back line by line, silences among them', () => {
	const framing = ndjson(() => ({ nothing: true }));
	fc.assert(
		fc.property(values, (list) => {
			const lines = new TextDecoder().decode(wire(framing, list)).split('\n');
			expect(lines.pop()).toBe('');
			const read = lines.map((line) => JSON.parse(line)).filter((one) => one.nothing !== true);
			expect(read).toEqual(JSON.parse(JSON.stringify(list.map(([one]) => one))));
		}),
	);
});
