// `npm run check:systemd`: config/systemd by systemd's own checks: each unit is understood whole, exposes little, and its
// filter of system calls lets through what a server with two gateways does while it starts, answers and drains (strace).
import { execFileSync, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** Of ten, as `systemd-analyze security` rates it: below 2.0 it calls a unit OK. */
const MOST_EXPOSED = 2;
const root = fileURLToPath(new URL('../', import.meta.url));
const folder = join(root, 'config', 'systemd');
let failures = 0;

function check(what, isSo, seen) {
	if (!isSo) failures += 1;
	console.log(`${isSo ? 'ok  ' : 'FAIL'}  ${what}: ${seen}`);
}

for (const [program, aptPackage] of [
	['systemd-analyze', 'systemd'],
	['strace', 'strace'],
])
	if (spawnSync('which', [program]).status !== 0)
		execFileSync('apt-get', ['install', '-y', '-q', aptPackage], { stdio: ['ignore', 'ignore', 'inherit'] });

const called = await callsOfAServer();
for (const unit of readdirSync(folder)) {
	const path = join(folder, unit);
	const { status, stderr } = spawnSync('systemd-analyze', ['verify', '--man=no', path], { encoding: 'utf8' });
	check(`${unit} is understood whole`, status === 0 && stderr === '', stderr || 'nothing to say against it');
	const rated = spawnSync('systemd-analyze', ['security', '--offline=true', path], { encoding: 'utf8' }).stdout;
	const exposure = Number(/exposure level for .*: ([\d.]+)/.exec(rated)?.[1]);
	check(`${unit} exposes little`, exposure < MOST_EXPOSED, exposure);
	const filters = /^SystemCallFilter=(.*)$/m.exec(readFileSync(path, 'utf8'))?.[1]?.split(' ') ?? [];
	const allowed = new Set(filters.flatMap((name) => [...callsOf(name)]));
	const refused = [...called].filter((name) => !allowed.has(name));
	check(
		`${unit} lets the program run`,
		allowed.size > 0 && refused.length === 0,
		refused.join() || 'no call is refused',
	);
}
process.exitCode = failures === 0 ? 0 : 1;

/** System calls of a group, those of the groups in it too. */
function callsOf(group) {
	const { stdout } = spawnSync('systemd-analyze', ['syscall-filter', group], { encoding: 'utf8' });
	const names = stdout.split('\n').flatMap((line) => /^ +([@\w-]+)$/.exec(line)?.[1] ?? []);
	return new Set(names.flatMap((name) => (name.startsWith('@') ? [...callsOf(name)] : [name])));
}

async function callsOfAServer() {
	const scratch = mkdtempSync(join(tmpdir(), 'check-systemd-'));
	const out = join(scratch, 'calls');
	try {
		const server = spawn(
			'strace',
			['-f', '-c', '-o', out, process.execPath, 'dist/main.js', '--port', '0', '--gateways', '2', '--slots', '2'],
			{ cwd: root, stdio: ['ignore', 'pipe', 'ignore'] },
		);
		const exited = once(server, 'exit');
		let text = '';
		for await (const chunk of server.stdout) {
			text += chunk;
			if (/^curl .*\n/m.test(text)) break;
		}
		const url = /(http:\/\/\S+)\/v1$/m.exec(text)?.[1];
		const body = {
			model: 'pocket-reasoner',
			messages: [{ role: 'user', content: 'What is 17+25?' }],
			response_format: { type: 'json_object' },
		};
		const answer = await fetch(`${url}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json' },
			body: JSON.stringify(body),
		});
		check('the traced server answers', answer.status === 200, answer.status);
		await answer.arrayBuffer();
		const [child] = readFileSync(`/proc/${server.pid}/task/${server.pid}/children`, 'utf8').trim().split(' ');
		process.kill(Number(child), 'SIGTERM');
		await exited;
		// Columns: % time, seconds, usecs/call, calls, errors or nothing, syscall.
		const lines = readFileSync(out, 'utf8').split('\n');
		return new Set(
			lines.flatMap((line) => /^ *[\d.]+ .* (\w+)$/.exec(line)?.[1] ?? []).filter((name) => name !== 'total'),
		);
	} finally {
		rmSync(scratch, { recursive: true, force: true });
	}
}
