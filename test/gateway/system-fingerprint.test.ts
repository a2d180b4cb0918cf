import { expect, test } from 'vitest';
import { systemFingerprint } from '../../src/gateway/system-fingerprint.ts';
import { R1_INFO } from './support/scripts.ts';

test.each([
	['0123456789abcdef', 'retort-1.2.3-01234567'],
	['', 'retort-1.2.3'],
])('a model file with the hash "%s" makes it %s', (fingerprint, expected) => {
	expect(systemFingerprint('1.2.3', { ...R1_INFO, model: { ...R1_INFO.model, fingerprint } })).toBe(expected);
});
