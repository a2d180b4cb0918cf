import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it, vi } from 'vitest';
import { run } from '../../src/cli/run.ts';
import { runRetort } from '../support/retort-server.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-cli-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

async function ends(...args: string[]) {
	const { exited, stdout, stderr } = runRetort(args);
	const { code } = await exited;
	return { code, stdout: stdout(), stderr: stderr() };
}

/** As `ends`, without a process of its own: for what ends before anything is started. */
async function endsHere(...args: string[]) {
	let stdout = '';
	let stderr = '';
	const toStdout = vi.spyOn(process.stdout, 'write').mockImplementation((text) => {
		stdout += text;
		return true;
	});
	const toStderr = vi.spyOn(process.stderr, 'write').mockImplementation((text) => {
		stderr += text;
		return true;
	});
	const exit = () => {
		throw new Error('ended at once');
	};
	try {
		return { code: await run(args, { exit }), stdout: () => stdout, stderr: () => stderr };
	} finally {
		toStdout.mockRestore();
		toStderr.mockRestore();
	}
}

describe('retort --help and --version', () => {
	it('shows flags, verbs and examples', async () => {
		const { code, stdout } = await ends('--help');
		expect(code).toBe(0);
		for (const part of ['--model <source>', '--api-key-file', 'worker', 'doctor', 'native build', 'hf:', 'HF_ENDPOINT'])
			expect(stdout).toContain(part);
		expect(Math.max(...stdout.split('\n').map((line) => line.length))).toBeLessThanOrEqual(120);
	});

	it('shows those of the worker', async () => {
		const { code, stdout } = await ends('worker', '--help');
		expect(code).toBe(0);
		expect(stdout).toContain('--listen <address>');
		expect((await ends('help', 'worker')).stdout).toBe(stdout);
	});

	it('shows those of native and doctor', async () => {
		expect((await ends('native', '--help')).stdout).toContain('build');
		expect((await ends('native', 'build', '--help')).stdout).toContain('--jobs <number>');
		expect((await ends('doctor', '--help')).stdout).toContain('--no-speed');
	});

	it('tells our version, and with --json what is inside', async () => {
		expect(await ends('--version')).toEqual({ code: 0, stdout: '0.1.0\n', stderr: '' });
		const { stdout } = await ends('--version', '--json');
		expect(JSON.parse(stdout)).toEqual({
			retort: '0.1.0',
			nodeLlamaCpp: '3.22.1',
			llamaCpp: expect.stringMatching(/^v?[\w.]+$/),
			backend: expect.any(String),
			node: process.versions.node,
		});
	});
});

describe('a command line that is not right', () => {
	it.each([
		[['--prot', '1'], "unknown option '--prot'", 'Did you mean --port?'],
		[['serv'], "unknown verb 'serv'", 'Did you mean serve?'],
		[['frobnicate'], "unknown verb 'frobnicate'", 'serve, worker, ps, drain, undrain, restart, native, doctor, help'],
		[['native', 'bild'], "unknown command 'bild'", 'build'],
		[['native', 'build', '--gpu', 'vulkan'], '--gpu <kind>', 'cpu, cuda'],
		[['doctor', '--fast'], "unknown option '--fast'", ''],
		[['--port', 'http'], '--port <number>', 'It has to be an integer from 0 to 65535.'],
		[['--port', '99999'], '--port <number>', 'It has to be an integer from 0 to 65535.'],
		[['--slots', '0'], '--slots <number>', 'It has to be an integer from 1 to 256.'],
		[['--context', '1e3'], '--context <tokens>', 'It has to be an integer of at least 64.'],
		[['--gpu-layers', 'all'], '--gpu-layers <number>', 'It has to be auto, max or a number of layers.'],
		[['--log-level', 'loud'], '--log-level <level>', 'Allowed choices are trace, debug'],
		[['--model'], '--model <source>', 'argument missing'],
		[['--name', 'x'], '--name', 'names the model of --model'],
		[['--model', 'hf:nobody'], 'hf:nobody is not right', 'hf:user/repo:QUANT'],
		[['--model', '/nowhere/m.gguf'], '/nowhere/m.gguf', 'cannot be read'],
		[['--config', '/nowhere/c.yaml'], '/nowhere/c.yaml', 'no such file'],
		[['--api-key-file', '/nowhere/keys'], '/nowhere/keys', 'cannot be read'],
		[['--host', '0.0.0.0'], 'refusing to listen on 0.0.0.0', '--api-key-file'],
		[['worker'], 'where to listen?', '--listen unix:/PATH'],
		[['worker', '--listen', 'unix:/tmp/w.sock'], 'which model?', '--model SOURCE'],
		[['worker', '--listen', 'tcp://0.0.0.0:0', '--model', 'm.gguf'], 'refusing to listen on 0.0.0.0', '--token-file'],
	])('%j ends with 2 and says what would be right', async (args, problem, hint) => {
		const { code, stdout, stderr } = await endsHere(...args);
		expect({ code, stdout: stdout() }).toEqual({ code: 2, stdout: '' });
		expect(stderr()).toContain(problem);
		expect(stderr()).toContain(hint);
	});

	it('tells all that is wrong with a configuration file', async () => {
		const path = join(folder, 'team.yaml');
		writeFileSync(path, 'server:\n  prot: 1\nmodels:\n  a:\n    slots: 0\n');
		const { code, stderr } = await ends('--config', path);
		expect(code).toBe(2);
		expect(stderr).toContain(`${path}:2:3: there is no key prot in server; did you mean port?`);
		expect(stderr).toContain(`${path}:5:5: models.a.slots has to be`);
	});

	it('says that the port is in use', async () => {
		const server = createServer().listen(0, '127.0.0.1');
		await once(server, 'listening');
		// A listening TCP server has an address object.
		const { port } = server.address() as AddressInfo;
		const { code, stderr } = await ends('--port', String(port));
		server.close();
		expect(code).toBe(2);
		expect(stderr).toContain(`port ${port} of 127.0.0.1 is in use`);
		expect(stderr).toContain('--port');
	});

	it('says that the host is none of this machine', async () => {
		const { code, stderr } = await ends('--host', '192.0.2.1', '--insecure');
		expect(code).toBe(2);
		expect(stderr).toContain('192.0.2.1 is no address of this machine');
	});
});
