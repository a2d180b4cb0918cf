import { readFileSync } from 'node:fs';

/** What native/k-quants.h and native/attention.h are compiled for, as Linux names it. */
const INSTRUCTION_SETS = ['avx512f', 'avx512bw', 'avx512dq', 'avx512vl', 'avx512_vnni', 'f16c'];
/** llama.cpp's numbers of Q4_K_S, Q4_K_M, Q5_K_S, Q5_K_M and Q6_K. */
const FILE_TYPES = [14, 15, 16, 17, 18];

/** Whether `retort native build` has faster kernels for this processor than any other binary. False where the system does not tell. */
export function hasOwnKernels(read: (path: string) => string = (path) => readFileSync(path, 'utf8')): boolean {
	try {
		const flags = /^flags\s*:(.*)$/m.exec(read('/proc/cpuinfo'))?.[1]?.trim().split(/\s+/) ?? [];
		return INSTRUCTION_SETS.every((each) => flags.includes(each));
	} catch {
		return false;
	}
}

/** Whether most of a model's weights are of the formats that those kernels multiply, by its `general.file_type`. */
export function gainsFromOwnKernels(fileType: number | undefined): boolean {
	return fileType !== undefined && FILE_TYPES.includes(fileType);
}
