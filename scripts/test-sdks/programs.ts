import { spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** A program of clients/ with what it needs: one process that prints a line a client and a line a cell. */
export type Program = {
	name: string;
	/** The clients that it tries; told as not installed where it cannot be. */
	clients: string[];
	/** Installs once into a folder outside the repository, and gives the command that runs it there. */
	install(): { command: string; args: string[]; cwd: string };
};

const cacheFolder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'retort', 'sdks');
const sources = join(process.cwd(), 'scripts', 'test-sdks', 'clients');

/** Ranges, not pins: the table tells the versions that it was made with. `rm -r ~/.cache/retort/sdks` takes new ones. */
const node20 = ['openai@6', 'ai@6', '@ai-sdk/openai-compatible@2', '@ai-sdk/deepseek@2', '@ai-sdk/openai@3', 'zod@4'];
const node22 = [
	...['openai@7', 'ai@7', '@ai-sdk/openai-compatible@3', '@ai-sdk/deepseek@3', '@ai-sdk/openai@4', 'zod@4'],
	...[
		'@langchain/openai@1',
		'@langchain/deepseek@1',
		'@langchain/core@1',
		`node-${process.platform}-${process.arch}@22`,
	],
];
const aiSdk = (major: number) =>
	['openai-compatible', 'deepseek', 'openai'].map((provider) => `AI SDK ${major} ${provider}`);

export const programs: Program[] = [
	nodeProgram('openai 6', ['openai (Node) 6'], 'node20', node20, 'openai.mjs'),
	nodeProgram('openai 7', ['openai (Node) 7'], 'node22', node22, 'openai.mjs'),
	{
		name: 'openai-python',
		clients: ['openai (Python)'],
		install() {
			const folder = folderOf('openai-python');
			const venv = join(folder, 'venv');
			const python = join(venv, 'bin', 'python');
			if (!existsSync(join(folder, 'installed'))) {
				run('python3', ['-m', 'venv', venv], folder);
				run(python, ['-m', 'pip', 'install', '--quiet', 'openai>=3'], folder);
				writeFileSync(join(folder, 'installed'), '');
			}
			cpSync(join(sources, 'openai_python.py'), join(folder, 'openai_python.py'));
			return { command: python, args: ['openai_python.py'], cwd: folder };
		},
	},
	nodeProgram('ai 6', aiSdk(6), 'node20', node20, 'ai-sdk.mjs'),
	nodeProgram('ai 7', aiSdk(7), 'node22', node22, 'ai-sdk.mjs'),
	nodeProgram('langchain', ['LangChain openai', 'LangChain deepseek'], 'node22', node22, 'langchain.mjs'),
	{
		name: 'openai-go',
		clients: ['openai-go'],
		install() {
			const folder = folderOf('openai-go');
			cpSync(join(sources, 'go', 'main.go'), join(folder, 'main.go'));
			if (!existsSync(join(folder, 'go.sum'))) {
				if (!existsSync(join(folder, 'go.mod'))) run('go', ['mod', 'init', 'sdks'], folder);
				run('go', ['get', 'github.com/openai/openai-go/v3@latest'], folder);
			}
			run('go', ['build', '-o', 'sdks', '.'], folder);
			return { command: join(folder, 'sdks'), args: [], cwd: folder };
		},
	},
	nodeProgram('anthropic', ['@anthropic-ai/sdk'], 'anthropic', ['@anthropic-ai/sdk@1', 'zod@4'], 'anthropic.mjs'),
	nodeProgram('ollama', ['ollama'], 'ollama', ['ollama@0.6'], 'ollama.mjs'),
];

function folderOf(name: string): string {
	const folder = join(cacheFolder, name);
	mkdirSync(folder, { recursive: true });
	return folder;
}

function nodeProgram(name: string, clients: string[], set: string, packages: string[], source: string): Program {
	return {
		name,
		clients,
		install() {
			const folder = folderOf(set);
			if (!existsSync(join(folder, 'package.json')))
				writeFileSync(join(folder, 'package.json'), '{ "private": true, "type": "module" }\n');
			if (!existsSync(join(folder, 'package-lock.json')))
				run('npm', ['install', '--no-audit', '--no-fund', '--loglevel=error', ...packages], folder);
			for (const file of ['harness.mjs', source]) cpSync(join(sources, file), join(folder, file));
			const carried = join(folder, 'node_modules', `node-${process.platform}-${process.arch}`, 'bin', 'node');
			return { command: existsSync(carried) ? carried : process.execPath, args: [source], cwd: folder };
		},
	};
}

function run(command: string, args: string[], cwd: string): void {
	const { status, error, stderr } = spawnSync(command, args, {
		cwd,
		stdio: ['ignore', 'ignore', 'pipe'],
		encoding: 'utf8',
	});
	if (status !== 0) throw new Error(`${command} ${args.join(' ')}: ${error?.message ?? stderr.slice(-500)}`);
}
