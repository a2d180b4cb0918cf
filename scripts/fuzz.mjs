// Random bodies at every POST route, many more than the suite runs: npm run fuzz -- --runs 1000000 [--seed 1].
// In chunks, each the suite's own test under a seed of its own; stops at the first that fails, whose log says how to
// get the body again.
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

const CHUNK = 100_000;
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const { values } = parseArgs({
	options: {
		runs: { type: 'string', default: '1000000' },
		seed: { type: 'string', default: String(Date.now() % 1e9) },
	},
});
const runs = Number(values.runs);
const vitest = join(root, 'node_modules', 'vitest', 'vitest.mjs');
const args = [vitest, 'run', 'test/gateway/routes/random-bodies.test.ts', '--testTimeout=3600000', '--reporter=dot'];

for (let done = 0, seed = Number(values.seed); done < runs; done += CHUNK, seed += 1) {
	const count = Math.min(CHUNK, runs - done);
	const env = { ...process.env, RETORT_FUZZ_RUNS: String(count), RETORT_FUZZ_SEED: String(seed) };
	const { status } = spawnSync(process.execPath, args, { cwd: root, env, stdio: 'inherit' });
	if (status !== 0) {
		console.error(`failed within runs ${done} to ${done + count}, seed ${seed}`);
		process.exit(1);
	}
	console.log(`${done + count} of ${runs} bodies, seed ${seed}: only 2xx and 4xx, each as documented`);
}
