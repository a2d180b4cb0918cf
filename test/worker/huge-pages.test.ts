import { describe, expect, it } from 'vitest';
import { hugePages } from '../../src/worker/huge-pages.ts';

describe('huge pages', () => {
	it('are what the kernel has chosen', () => {
		expect(hugePages(() => 'always [madvise] never\n')).toBe('madvise');
		expect(hugePages(() => 'always madvise [never]\n')).toBe('never');
		expect(hugePages(() => '[always] madvise never\n')).toBe('always');
	});

	it('are unknown where the kernel does not say', () => {
		expect(hugePages(() => 'something else')).toBeNull();
		expect(
			hugePages(() => {
				throw new TypeError('no such file');
			}),
		).toBeNull();
	});
});
