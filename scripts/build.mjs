// Compiles src to dist. Run by npm on install (prepare) and before start and test (--if-stale).
// Plain JavaScript: it must run before anything is compiled, and it leaves quietly where TypeScript was not
// installed (npm ci --omit=dev brings a dist of its own, as the Dockerfile does).
import { spawnSync } from 'node:child_process';
import { existsSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const output = join(root, 'dist');

/** Newest modification time below a folder, in ms; 0 when there is none. */
function newest(folder) {
	if (!existsSync(folder)) return 0;
	const files = readdirSync(folder, { recursive: true, withFileTypes: true }).filter((entry) => entry.isFile());
	return Math.max(0, ...files.map((entry) => statSync(join(entry.parentPath, entry.name)).mtimeMs));
}

const isStale = newest(join(root, 'src')) > newest(output);
if (process.argv.includes('--if-stale') && !isStale) process.exit(0);
const compiler = join(root, 'node_modules', 'typescript', 'bin', 'tsc');
if (!existsSync(compiler)) {
	if (!existsSync(join(output, 'main.js')))
		console.error('retort: not built, and TypeScript is not installed (npm ci without --omit=dev builds)');
	process.exit(0);
}
// Compiled aside and moved into place, so that a server that runs from dist never meets half of it.
const aside = join(root, `dist.new-${process.pid}`);
const replaced = join(root, `dist.old-${process.pid}`);
const command = [compiler, '-p', join(root, 'tsconfig.build.json'), '--outDir', aside];
const { status } = spawnSync(process.execPath, command, { stdio: 'inherit' });
if (existsSync(aside)) {
	if (existsSync(output)) renameSync(output, replaced);
	renameSync(aside, output);
	rmSync(replaced, { recursive: true, force: true });
}
process.exit(status ?? 1);
