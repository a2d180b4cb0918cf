// The clients that people use, each as it comes from its registry, against the built server with the embedded model:
// npm run test:sdks -- [part of a client's or program's name] [--config FILE]. The file is for a pool of other workers, as
// a stock engine's, that serve a model of the name pocket-reasoner. Installs into ~/.cache/retort/sdks what is not there yet.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startRetort } from '../../test/support/retort-server.ts';
import { cacheFolder, type Program, programs } from './programs.ts';
import { type ClientRow, cellNames, formatTable, type State } from './table.ts';

const PROGRAM_MS = 300_000;
const { values, positionals } = parseArgs({ allowPositionals: true, options: { config: { type: 'string' } } });
const [only = ''] = positionals;
const key = 'sk-for-the-sdk-matrix';
const rows: ClientRow[] = [];
const notes: string[] = [];

const chosen = programs.filter(({ name, clients }) => [name, ...clients].some((one) => one.includes(only)));
const scratch = mkdtempSync(join(tmpdir(), 'retort-sdks-'));
const keyFile = join(scratch, 'keys.txt');
writeFileSync(keyFile, `sdks:${key}\n`);
const where = values.config === undefined ? ['--slots', '2'] : ['--config', values.config];
const server = await startRetort([...where, '--api-key-file', keyFile, '--log-level', 'warn']);
try {
	for (const program of chosen) await tryProgram(program);
} finally {
	await server.stop();
	rmSync(scratch, { recursive: true, force: true });
}
console.log(`\n${formatTable(rows)}\n`);
for (const note of notes) console.log(note);
const states = rows.flatMap(({ cells }) => cellNames.map((name) => cells.get(name) ?? 'not run'));
const count = (state: State) => states.filter((one) => one === state).length;
console.log(
	`${count('ok')} ok, ${count('failed')} failed, ${count('not run')} not run, ${count('not offered')} not offered`,
);
process.exitCode = rows.length > 0 && count('failed') + count('not run') + count('not installed') === 0 ? 0 : 1;

async function tryProgram(program: Program): Promise<void> {
	const folder = join(cacheFolder, program.name);
	mkdirSync(folder, { recursive: true });
	const mine = program.clients.map((client): ClientRow => ({ client, version: '', cells: new Map() }));
	rows.push(...mine);
	let command: ReturnType<Program['install']>;
	try {
		console.log(`== ${program.name}`);
		command = program.install(folder);
	} catch (error) {
		for (const row of mine) for (const cell of cellNames) row.cells.set(cell, 'not installed');
		notes.push(`${program.name}: not installed: ${error instanceof Error ? error.message : error}`);
		return;
	}
	const child = spawn(command.command, command.args, {
		cwd: command.cwd,
		env: { ...process.env, RETORT_URL: `${server.url}/v1`, RETORT_KEY: key },
		stdio: ['ignore', 'pipe', 'inherit'],
		timeout: PROGRAM_MS,
	});
	for await (const line of createInterface({ input: child.stdout })) readLine(line, mine);
}

/** A line of a program: a client with its versions, or one cell of it. What else a client prints is shown as it is. */
function readLine(line: string, mine: ClientRow[]): void {
	const said = line.startsWith('{"') ? JSON.parse(line) : null;
	const row = mine.find(({ client }) => client === said?.client);
	if (row === undefined) {
		console.log(line);
		return;
	}
	if (said.version !== undefined) row.version = said.version;
	if (said.cell === undefined) return;
	row.cells.set(said.cell, said.state);
	console.log(`${said.client}: ${said.cell}: ${said.state}${said.note ? ` (${said.note})` : ''}`);
	if (said.state === 'failed') notes.push(`${said.client}: ${said.cell}: ${said.note}`);
}
