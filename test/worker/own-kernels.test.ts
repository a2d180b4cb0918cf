import { GgufFileType } from 'node-llama-cpp';
import { describe, expect, it } from 'vitest';
import { gainsFromOwnKernels, hasOwnKernels } from '../../src/worker/own-kernels.ts';

const cpuinfo = (flags: string) => () => `processor\t: 0\nflags\t\t: ${flags}\nbugs\t\t: none\n`;

describe('kernels of our own', () => {
	it('are for processors with all of their instruction sets', () => {
		expect(hasOwnKernels(cpuinfo('fpu f16c avx512f avx512bw avx512dq avx512vl avx512_vnni'))).toBe(true);
		expect(hasOwnKernels(cpuinfo('fpu f16c avx512f avx512bw avx512dq avx512vl'))).toBe(false);
		expect(hasOwnKernels(cpuinfo('fpu avx2 f16c avx_vnni'))).toBe(false);
	});

	it('are not known of where the system does not tell', () => {
		expect(hasOwnKernels(() => 'no flags here')).toBe(false);
		const missing = () => {
			throw new Error('ENOENT');
		};
		expect(hasOwnKernels(missing)).toBe(false);
	});

	it('multiply the formats that most distills come in', () => {
		const gaining = Object.entries(GgufFileType).filter(
			([, type]) => typeof type === 'number' && gainsFromOwnKernels(type),
		);
		expect(gaining.map(([name]) => name)).toEqual([
			'MOSTLY_Q4_K_S',
			'MOSTLY_Q4_K_M',
			'MOSTLY_Q5_K_S',
			'MOSTLY_Q5_K_M',
			'MOSTLY_Q6_K',
		]);
		expect(gainsFromOwnKernels(undefined)).toBe(false);
	});
});
