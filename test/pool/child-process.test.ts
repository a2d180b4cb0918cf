import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync } from 'node:fs';
import { createServer, type Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it, onTestFinished } from 'vitest';
import { startChild } from '../../src/pool/child-process.ts';
import { recordingLog } from '../support/recording-log.ts';

const parentScript = fileURLToPath(new URL('../support/parent-process.mjs', import.meta.url));
/** Starts Node on this program as a child; `said` settles with the first output that the log shows. */
function startNode(program: string, env: Record<string, string> = {}) {
	const log = recordingLog();
	let say: (text: string) => void = () => {};
	const said = new Promise<string>((resolve) => {
		say = resolve;
	});
	const noted = {
		...log,
		info(fields: Record<string, unknown>, message: string) {
			log.info(fields, message);
			say(String(fields.line));
		},
	};
	const child = startChild(
		{ command: process.execPath, args: ['-e', program], env },
		{ workerId: 'w0', log: noted, killAfterMs: 200 },
	);
	onTestFinished(() => child.kill());
	return { child, said, log };
}

const stayAlive = 'setInterval(() => {}, 1e6);';

describe('startChild', () => {
	it('tells why a child is gone', async () => {
		expect(await startNode('process.exit(3)').child.exited).toBe('exit code 3');
		const { child, said } = startNode(`${stayAlive} console.log('up')`);
		await said;
		child.kill();
		expect(await child.exited).toBe('signal SIGKILL');
	});

	it('tells what a child that failed complained of last, however late that is read', async () => {
		const says = (line: string) => `process.stdout.write(${JSON.stringify(`${line}\n`)}, () => process.exit(1))`;
		const failed = JSON.stringify({ level: 'error', error: 'no model in /x.gguf', msg: 'worker failed' });
		expect(await startNode(says(failed)).child.exited).toBe('exit code 1: no model in /x.gguf');
		expect(await startNode(says('retort: not a file')).child.exited).toBe('exit code 1: retort: not a file');
		const line = JSON.stringify({ level: 'info', msg: 'up' });
		expect(await startNode(says(line)).child.exited).toBe('exit code 1');
	});

	it('tells of a program that is not there', async () => {
		const log = recordingLog();
		const child = startChild({ command: '/nowhere/node', args: [], env: {} }, { workerId: 'w', log, killAfterMs: 100 });
		expect(await child.exited).toMatch(/exit code 12[67]/);
	});

	it('asks first', async () => {
		const { child, said } = startNode(`process.on('SIGTERM', () => process.exit(0)); ${stayAlive} console.log('up')`);
		await said;
		await child.end();
		expect(await child.exited).toBe('exit code 0');
	});

	it('insists when the child ignores SIGTERM', async () => {
		const { child, said } = startNode(`process.on('SIGTERM', () => {}); ${stayAlive} console.log('up')`);
		await said;
		await child.end();
		expect(await child.exited).toBe('signal SIGKILL');
	});

	it('gives it no environment but paths, devices and what was meant for it', async () => {
		process.env.RETORT_TEST_API_KEY = 'sk-secret';
		process.env.HF_TOKEN_TEST = 'hf-secret';
		onTestFinished(() => {
			delete process.env.RETORT_TEST_API_KEY;
			delete process.env.HF_TOKEN_TEST;
		});
		const { said } = startNode('console.log(JSON.stringify(process.env))', { UV_THREADPOOL_SIZE: '6' });
		const env = JSON.parse(await said);
		expect(env.UV_THREADPOOL_SIZE).toBe('6');
		expect(env.PATH).toBe(process.env.PATH);
		expect(JSON.stringify(env)).not.toContain('secret');
	});

	it('lets it write no core dumps and no files for others', async () => {
		const program = `
			const { execSync } = require('node:child_process');
			console.log(execSync('ulimit -c; umask').toString().trim().split('\\n').join(' '))`;
		expect(await startNode(program).said).toBe('0 0077');
	});

	const hasParentDeathSignal = spawnSync('setpriv', ['--pdeathsig', 'KILL', 'true']).status === 0;
	it.each([
		['reads its stdin', "process.stdin.on('end', () => process.exit(0)).resume();", true],
		['is stuck and reads nothing', 'for (;;) {}', hasParentDeathSignal],
	])('does not outlive a parent that is killed, when it %s', async (_name, behaviour, isPossible) => {
		if (!isPossible) return;
		const folder = mkdtempSync(join(tmpdir(), 'parent-'));
		const socketPath = join(folder, 'life.sock');
		// The child holds a connection to us, which the kernel closes when it is gone, however it went.
		const server = createServer().listen(socketPath);
		const program = `
			const socket = require('node:net').connect(${JSON.stringify(socketPath)}, () => {
				socket.write('up', () => { ${behaviour} });
			});`;
		const parent = spawn(process.execPath, [parentScript, program], { stdio: ['ignore', 'inherit', 'inherit'] });
		onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
		onTestFinished(() => {
			server.close();
		});
		onTestFinished(() => {
			parent.kill('SIGKILL');
		});
		// A listener of 'connection' gets a socket.
		const [life] = (await once(server, 'connection')) as [Socket];
		await once(life, 'data');
		parent.kill('SIGKILL');
		await once(life, 'close');
	});
});
