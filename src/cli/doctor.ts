import { availableParallelism, cpus, totalmem } from 'node:os';
import { engineVersions } from '../worker/engine-versions.ts';
import { hugePages } from '../worker/huge-pages.ts';
import { type DecodeSpeed, measureDecode } from '../worker/measure-decode.ts';
import { hasNativeBinary, type NativeGpu } from '../worker/native-addon.ts';
import { missingTools } from '../worker/native-build.ts';
import { hasOwnKernels } from '../worker/own-kernels.ts';
import type { DoctorFlags } from './doctor-flags.ts';
import { embeddedModelPath, retortVersion } from './package-root.ts';

export type Findings = {
	retort: string;
	node: string;
	nodeLlamaCpp: string;
	llamaCpp: string;
	/** Null where no binary for this machine is installed. */
	backend: string | null;
	binary: 'native' | 'prebuilt';
	cpu: string;
	cores: number;
	memoryGiB: number;
	/** To whom Linux gives them; null elsewhere. */
	hugePages: ReturnType<typeof hugePages>;
	/** Whether `retort native build` has faster kernels for this processor. */
	ownKernels: boolean;
	/** What `retort native build` would need and does not find. */
	missingTools: string[];
	/** Of the embedded model; null when it was not measured. */
	speed: DecodeSpeed[] | null;
};

/** `retort doctor`: looks, measures and tells. Exit code 1 when no model can run here. */
export async function doctor(flags: DoctorFlags): Promise<number> {
	const versions = await engineVersions();
	const gpu = buildableFor(versions.backend);
	const findings: Findings = {
		retort: retortVersion(),
		node: process.versions.node,
		...versions,
		binary: gpu !== null && hasNativeBinary(gpu) ? 'native' : 'prebuilt',
		cpu: cpus()[0]?.model.trim() ?? 'unknown',
		cores: availableParallelism(),
		memoryGiB: Math.round(totalmem() / 2 ** 30),
		hugePages: hugePages(),
		ownKernels: hasOwnKernels(),
		missingTools: gpu === null ? [] : missingTools(gpu),
		speed: flags.speed && versions.backend !== null ? await measureDecode(embeddedModelPath, null) : null,
	};
	process.stdout.write(flags.json ? `${JSON.stringify(findings)}\n` : formatFindings(findings));
	return findings.backend === null ? 1 : 0;
}

/** For people. Pure. */
export function formatFindings(findings: Findings): string {
	const { backend, binary, speed } = findings;
	const lines = [
		`retort ${findings.retort}, Node ${findings.node}, node-llama-cpp ${findings.nodeLlamaCpp}, llama.cpp ${findings.llamaCpp}`,
		`${findings.cores} cores (${findings.cpu}), ${findings.memoryGiB} GiB memory`,
		backend === null ? 'no binary of llama.cpp for this machine is installed' : `${binary} binary, runs on ${backend}`,
		...(speed ?? []).map(
			({ streams, tokensPerSecond }) => `embedded model, ${streams} at once: ${tokensPerSecond} tokens/s in the engine`,
		),
		...advice(findings),
	];
	return `${lines.join('\n')}\n`;
}

function advice({ backend, binary, hugePages: pages, ownKernels, missingTools: missing }: Findings): string[] {
	const gains: string[] = [];
	if (backend === 'cpu' && pages === 'never')
		gains.push(
			'the kernel gives no huge pages: `echo madvise > /sys/kernel/mm/transparent_hugepage/enabled` as root, and a model of a ' +
				'gigabyte answered one stream 6 to 8 % faster on CPU',
		);
	const gpu = buildableFor(backend);
	if (gpu !== null && binary !== 'native') {
		const command = gpu === 'cpu' ? 'retort native build' : `retort native build --gpu ${gpu}`;
		const kernels = 'on this processor Q4_K, Q5_K and Q6_K weights are multiplied up to three times as fast, and ';
		const gain =
			`\`${command}\` compiles one: ${gpu === 'cpu' && ownKernels ? kernels : ''}decode and draws of a step are one call, ` +
			'which tells most on a GPU, with small models and with many streams (BENCHMARKS.md). Then run this again to compare';
		gains.push(missing.length === 0 ? gain : `${gain}. It needs: ${missing.join(', ')}`);
	}
	if (gains.length > 0) return gains;
	return [binary === 'native' ? 'nothing to gain: the binary is of this machine' : 'nothing to gain that is known'];
}

/** What `retort native build` has to be told for a binary of this backend; null for those that it does not build. */
function buildableFor(backend: string | null): NativeGpu | null {
	if (backend === 'cuda') return 'cuda';
	return backend === null || backend === 'cpu' ? 'cpu' : null;
}
