export type EngineVersions = { nodeLlamaCpp: string; llamaCpp: string; backend: string };

/** What would run a model on this machine; `backend` is null where no binary for it is installed. */
export async function engineVersions(): Promise<Omit<EngineVersions, 'backend'> & { backend: string | null }> {
	const { getLlama, getModuleVersion, LlamaLogLevel } = await import('node-llama-cpp');
	const nodeLlamaCpp = await getModuleVersion();
	try {
		const options = {
			build: 'never',
			skipDownload: true,
			progressLogs: false,
			logLevel: LlamaLogLevel.disabled,
		} as const;
		const llama = await getLlama(options);
		const { release } = llama.llamaCppRelease;
		const backend = llama.gpu === false ? 'cpu' : llama.gpu;
		await llama.dispose();
		return { nodeLlamaCpp, llamaCpp: release, backend };
	} catch {
		return { nodeLlamaCpp, llamaCpp: 'none', backend: null };
	}
}
