// schemathesis, with all of its checks, over /openapi.json of the built server with the embedded model:
// npm run check:schemathesis -- [options of `st run`]. Needs python3 and PyPI; installs into ~/.cache/retort once.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import { startRetort } from '../../test/support/retort-server.ts';

const PACKAGE = 'schemathesis==4.32.5';
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'retort', PACKAGE.replace('==', '-'));
const program = join(cache, 'bin', 'st');

function run(command: string, args: string[], options: object = {}): number | null {
	return spawnSync(command, args, { stdio: 'inherit', ...options }).status;
}

if (!existsSync(program)) {
	if (run('python3', ['-m', 'venv', cache]) !== 0) throw new Error('python3 -m venv failed');
	if (run(join(cache, 'bin', 'pip'), ['install', '--quiet', PACKAGE]) !== 0) throw new Error('pip install failed');
}

const key = 'sk-for-schemathesis';
const sha256 = createHash('sha256').update(key).digest('hex');
const scratch = mkdtempSync(join(tmpdir(), 'retort-schemathesis-'));
const config = join(scratch, 'retort.json');
writeFileSync(
	config,
	JSON.stringify({ keys: [{ id: 'check', sha256 }], server: { trustedProxies: ['127.0.0.1/32'] } }),
);
// A small context bounds every generation, whatever its request asks for.
const server = await startRetort(['--config', config, '--slots', '4', '--context', '256', '--log-level', 'warn']);
try {
	const hooks = join(process.cwd(), 'scripts', 'schemathesis', 'hooks.py');
	process.exitCode =
		run(
			program,
			[
				...['run', `${server.url}/openapi.json`, '--header', `Authorization: Bearer ${key}`],
				// `acceptance` of hooks.py stands in for positive_data_acceptance; it says what it lets pass, and why.
				...['--checks', 'all', '--exclude-checks', 'positive_data_acceptance'],
				...['--continue-on-failure', '--request-timeout', '60', '--workers', '4', ...process.argv.slice(2)],
			],
			{ cwd: scratch, env: { ...process.env, SCHEMATHESIS_HOOKS: hooks } },
		) ?? 1;
} finally {
	await server.stop();
	rmSync(scratch, { recursive: true, force: true });
}
