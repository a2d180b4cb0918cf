import { expect, test } from 'vitest';
import { compileOnce } from '../../src/chat/compile-once.ts';

const grammar = { gbnf: 'root ::= "x"', triggerToken: null };

test('what was built for an equal key is not built again', () => {
	const built: unknown[] = [];
	for (const key of [{ a: 1 }, { a: 1 }, { a: 2 }]) {
		const found = compileOnce(key, 'p', () => {
			built.push(key);
			return grammar;
		});
		expect(found).toEqual(grammar);
	}
	expect(built).toEqual([{ a: 1 }, { a: 2 }]);
});

test('what takes too long is refused, and everyone else is served again', () => {
	const forever = (): never => {
		for (;;);
	};
	expect(() => compileOnce({ slow: true }, 'response_format.json_schema.schema', forever, 20)).toThrow(
		expect.objectContaining({ status: 400, code: 'unsupported_value', param: 'response_format.json_schema.schema' }),
	);
});

test('a refusal keeps its own words, and is no memory', () => {
	const refuse = (): never => {
		throw new RangeError('no');
	};
	expect(() => compileOnce({ refused: true }, 'p', refuse)).toThrow(RangeError);
	expect(compileOnce({ refused: true }, 'p', () => grammar)).toEqual(grammar);
});
