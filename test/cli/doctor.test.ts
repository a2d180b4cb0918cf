import { describe, expect, it } from 'vitest';
import { type Findings, formatFindings } from '../../src/cli/doctor.ts';

const findings: Findings = {
	retort: '1.0.0',
	node: '20.20.0',
	nodeLlamaCpp: '3.22.1',
	llamaCpp: 'v0.5.0',
	backend: 'cpu',
	binary: 'prebuilt',
	cpu: 'A CPU',
	cores: 2,
	memoryGiB: 16,
	hugePages: 'madvise',
	ownKernels: false,
	missingTools: [],
	speed: [{ streams: 8, tokensPerSecond: 900 }],
};

describe('what the doctor says', () => {
	it('names what runs and how fast, and what would be gained', () => {
		const text = formatFindings(findings);
		expect(text).toContain('llama.cpp v0.5.0');
		expect(text).toContain('prebuilt binary, runs on cpu');
		expect(text).toContain('8 at once: 900 tokens/s');
		expect(text).toContain('retort native build');
	});

	it('names the build of the backend, where there is one', () => {
		expect(formatFindings({ ...findings, backend: 'cuda' })).toContain('`retort native build --gpu cuda`');
		expect(formatFindings({ ...findings, backend: 'metal' })).toContain('nothing to gain');
	});

	it('says so where the build has faster kernels for the processor', () => {
		expect(formatFindings(findings)).not.toContain('Q4_K');
		expect(formatFindings({ ...findings, ownKernels: true })).toContain('Q4_K, Q5_K and Q6_K weights');
		expect(formatFindings({ ...findings, ownKernels: true, backend: 'cuda' })).not.toContain('Q4_K');
		expect(formatFindings({ ...findings, ownKernels: true, binary: 'native' })).toContain('nothing to gain');
	});

	it('says what a build needs first', () => {
		expect(formatFindings({ ...findings, missingTools: ['cmake'] })).toContain('It needs: cmake');
	});

	it('advises nothing where the binary is native', () => {
		expect(formatFindings({ ...findings, binary: 'native' })).not.toContain('native build');
	});

	it('advises huge pages where the kernel gives none and the CPU computes', () => {
		const native = { ...findings, binary: 'native' } as const;
		expect(formatFindings({ ...native, hugePages: 'never' })).toContain('transparent_hugepage/enabled');
		for (const none of [
			{ ...native, hugePages: null },
			{ ...native, hugePages: 'never' as const, backend: 'cuda' },
		])
			expect(formatFindings(none)).toContain('nothing to gain');
	});

	it('says that nothing can run', () => {
		expect(formatFindings({ ...findings, backend: null, speed: null })).toContain('no binary of llama.cpp');
	});
});
