import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { configSchema } from '../../src/config/schema.ts';
import { createKeyRing } from '../../src/gateway/key-ring.ts';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const { keys } = configSchema.parse({
	keys: [
		{ id: 'one', sha256: sha256('first-key') },
		{ id: 'two', sha256: sha256('second-key') },
	],
});
const ring = createKeyRing(keys);

test('a key is found by its text', () => {
	expect(ring.find('first-key')?.id).toBe('one');
	expect(ring.find('second-key')?.id).toBe('two');
});

test.each([
	'',
	'first-ke',
	'first-keyy',
	'FIRST-KEY',
	'__proto__',
	"' OR '1'='1",
	sha256('first-key'),
	'[object Object]',
])('%j is nobody', (token) => {
	expect(ring.find(token)).toBeNull();
});

test('a ring without keys is empty and finds nobody', () => {
	expect(createKeyRing([])).toMatchObject({ isEmpty: true });
	expect(createKeyRing([]).find('first-key')).toBeNull();
});
