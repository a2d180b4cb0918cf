import { retortVersion } from './package-root.ts';

/** `--version`: ours alone, or with `--json` also what runs the models on this machine. */
export async function printVersion(asJson: boolean): Promise<void> {
	if (!asJson) return void process.stdout.write(`${retortVersion()}\n`);
	const { engineVersions } = await import('../worker/engine-versions.ts');
	const versions = { retort: retortVersion(), ...(await engineVersions()), node: process.versions.node };
	process.stdout.write(`${JSON.stringify(versions)}\n`);
}
