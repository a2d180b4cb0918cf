import { spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type RetortServer, startRetort } from '../support/retort-server.ts';

const root = fileURLToPath(new URL('../../', import.meta.url));
const readme = readFileSync(join(root, 'README.md'), 'utf8');

type Block = { language: string; code: string; mark: string };

/** Every fenced block with the comment that stands right before or after it. */
const blocks = [...readme.matchAll(/(?:<!-- ([^>]*) -->\n)?```(\w+)\n([\s\S]*?)```(?:\n<!-- ([^>]*) -->)?/g)].map(
	([, before, language = '', code = '', after]): Block => ({ language, code, mark: before ?? after ?? '' }),
);
const marked = (mark: string, language: string) =>
	blocks.filter((block) => block.mark === mark && block.language === language).map(({ code }) => code);

let server: RetortServer;
let folder: string;

beforeAll(async () => {
	folder = mkdtempSync(join(tmpdir(), 'retort-readme-'));
	server = await startRetort(['--log-level', 'warn']);
});

afterAll(async () => {
	await server.stop();
	rmSync(folder, { recursive: true, force: true });
});

/** Runs a program and gives all that it printed. */
async function outputOf(command: string, args: string[], cwd = root): Promise<string> {
	const child = spawn(command, args, { cwd, stdio: ['ignore', 'pipe', 'pipe'] });
	let output = '';
	for (const stream of [child.stdout, child.stderr])
		stream.setEncoding('utf8').on('data', (text: string) => {
			output += text;
		});
	const code = await new Promise((resolve) => child.once('close', resolve));
	expect(code, output).toBe(0);
	return output;
}

const onOurPort = (code: string) => code.replaceAll('http://127.0.0.1:8080', server.url);

describe('the README', () => {
	it('says of every command whether a test runs it', () => {
		const known = /^(run|run with keys|run where Python has the openai package|not run.*: .+)$/;
		expect(blocks.length).toBeGreaterThan(6);
		expect(blocks.filter(({ mark }) => !known.test(mark)).map(({ code }) => code)).toEqual([]);
	});

	it('has curl lines that work', async () => {
		const codes = marked('run', 'sh');
		expect(codes.length).toBeGreaterThan(1);
		for (const code of codes) {
			const output = await outputOf('bash', ['-c', onOurPort(code)]);
			expect(output).toContain('"reasoning_content":');
			expect(output).not.toContain('"error"');
		}
	});

	it('has JavaScript programs that work', async () => {
		const prints = [/42[\s\S]*thought: \d+ tokens/, /"state":"(ended|complete)"[\s\S]*\[DONE\]/];
		const codes = marked('run', 'js');
		expect(codes).toHaveLength(prints.length);
		// Beside our node_modules, which has the openai package.
		const file = join(root, 'node_modules', `.readme-${process.pid}.mjs`);
		try {
			for (const [index, code] of codes.entries()) {
				writeFileSync(file, onOurPort(code));
				expect(await outputOf(process.execPath, [file])).toMatch(prints[index] ?? /^$/);
			}
		} finally {
			rmSync(file, { force: true });
		}
	});

	const hasPythonClient = spawnSync('python3', ['-c', 'import openai']).status === 0;
	it.skipIf(!hasPythonClient)('has a Python program that works', async () => {
		const [code = ''] = marked('run where Python has the openai package', 'python');
		expect(await outputOf('python3', ['-c', onOurPort(code)])).toMatch(/thought: [\s\S]*answer: .*42/);
	});

	it('has a way to keys that works', async () => {
		const [code = ''] = marked('run with keys', 'sh');
		// The same lines on a free port: what npm start runs, in a folder of its own.
		const port = 20_000 + (process.pid % 20_000);
		const start = `node ${join(root, 'dist', 'main.js')} --port ${port}`;
		const script = code.replace('npm start --', start).replaceAll(':8080', `:${port}`);
		const output = await outputOf('bash', ['-c', `trap 'kill %1' EXIT\n${script}`], folder);
		expect(output).toContain('"id":"pocket-reasoner"');
		expect(output).toContain('1 API key in force');
	});

	it('names only files and scripts that exist', () => {
		const { scripts }: { scripts: Record<string, string> } = JSON.parse(
			readFileSync(join(root, 'package.json'), 'utf8'),
		);
		for (const page of [readme, readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')]) {
			for (const [, name = ''] of page.matchAll(/npm run ([\w:-]+)/g)) expect(Object.keys(scripts)).toContain(name);
			for (const [, path = ''] of page.matchAll(/\]\((?!http)([^)#]+)\)/g))
				expect(() => readFileSync(join(root, path)), path).not.toThrow(/ENOENT/);
			for (const [, path = ''] of page.matchAll(/`((?:src|test|scripts|models|config)\/[\w./-]*)`/g))
				expect(spawnSync('ls', [join(root, path)]).status, path).toBe(0);
		}
	});
});
