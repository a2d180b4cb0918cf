import { expect, test } from 'vitest';
import { parseBody } from '../../../src/gateway/plugins/json-body.ts';

function refusalOf(text: string): unknown {
	try {
		parseBody(text);
	} catch (error) {
		return error;
	}
	return null;
}

test('JSON is parsed, a byte order mark skipped, and nothing at all is null', () => {
	expect(parseBody('{"a":[1]}')).toEqual({ a: [1] });
	expect(parseBody('\uFEFF{"a":1}')).toEqual({ a: 1 });
	expect(parseBody('  ')).toBeNull();
});

test('malformed JSON is a 400 that quotes nothing of the body', () => {
	const refusal = refusalOf('{"prompt":"MARKER');
	expect(refusal).toMatchObject({ status: 400, type: 'invalid_request_error' });
	expect(refusal).not.toHaveProperty('cause');
	expect(String(refusal)).not.toContain('MARKER');
});

test.each([
	['arrays', '['.repeat(200_000) + ']'.repeat(200_000)],
	['objects', `${'{"a":'.repeat(5000)}1${'}'.repeat(5000)}`],
	['one level too many', '['.repeat(129) + ']'.repeat(129)],
])('%s nested too deep are a 400', (_name, text) => {
	expect(refusalOf(text)).toMatchObject({ status: 400 });
});

test('a hundred and twenty-eight levels pass', () => {
	expect(refusalOf('['.repeat(128) + ']'.repeat(128))).toBeNull();
});

test.each(['{"__proto__":{"x":1}}', '{"a":[{"__proto__":1}]}', '{"\\u005f_proto__":1}'])(
	'%s is a 400 and pollutes nothing',
	(text) => {
		expect(refusalOf(text)).toMatchObject({ status: 400 });
		expect(Object.hasOwn(Object.prototype, 'x')).toBe(false);
	},
);

test('a schema may have a property that is called constructor', () => {
	expect(refusalOf('{"properties":{"constructor":{"prototype":{"type":"string"}}}}')).toBeNull();
});
