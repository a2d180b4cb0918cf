// Text that is made to cost a parser of answers much, in deltas of one character: npm run check:parser-linearity.
// Time may grow as the text does and not faster: fails where eight times the text takes more than twenty times as long.
import { createStopDetector } from '../../src/chat/stop-detector.ts';
import { createToolCallParser } from '../../src/chat/tool-calls/tool-call-parser.ts';
import { HERMES, R1 } from '../../src/chat/tool-calls/tool-format.ts';

const SHORT = 2 ** 14;
const LONG = 8 * SHORT;
const MOST = 20;

type Parser = { push(text: string): unknown; end(): unknown };

function toolParser(kind: 'r1' | 'hermes', isBound = false): () => Parser {
	return () => {
		const format = { kind, opensWithToken: false };
		const parser = createToolCallParser({ format, names: new Set(['add']), newId: () => 'call', isBound });
		return { push: (text) => parser.push(text, false), end: () => parser.end() };
	};
}

const cases: { name: string; make: () => Parser; unit: string; head?: string }[] = [
	{ name: 'stop strings that nearly match', make: () => createStopDetector(['aaaaaaab', 'aaac', 'ab']), unit: 'aaa' },
	{ name: 'openings of calls, one in the other', make: toolParser('hermes'), unit: HERMES.begin },
	{ name: 'the beginning of a mark, again and again', make: toolParser('hermes'), unit: '<tool_cal' },
	{ name: 'a call whose JSON nests and never ends', make: toolParser('hermes'), unit: '{"a":[', head: HERMES.begin },
	{ name: 'a call whose string never ends', make: toolParser('hermes'), unit: '\\"', head: `${HERMES.begin}{"name":"` },
	{ name: 'marks of R1 in a row', make: toolParser('r1'), unit: R1.callBegin },
	{ name: 'braces where a call is bound to come', make: toolParser('hermes', true), unit: '{"name":' },
];

function millisecondsFor({ make, unit, head = '' }: (typeof cases)[number], length: number): number {
	const text = head + unit.repeat(Math.ceil(length / unit.length));
	const parser = make();
	const startedMs = performance.now();
	for (const character of text) parser.push(character);
	parser.end();
	return performance.now() - startedMs;
}

for (const one of cases) {
	millisecondsFor(one, SHORT); // compiled
	const least = (length: number) => Math.min(...[1, 2, 3, 4, 5, 6, 7].map(() => millisecondsFor(one, length)));
	const ratio = least(LONG) / least(SHORT);
	console.log(`${ratio.toFixed(1).padStart(6)} x  ${one.name}`);
	if (ratio > MOST) process.exitCode = 1;
}
