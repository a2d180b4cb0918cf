// The clients that people use, each as it comes from its registry, against the built server with the embedded model:
// npm run test:sdks -- [part of a client's or program's name] [--config FILE] [--write]. The file is for a pool of other
// workers, as a stock engine's, that serve a model of the name pocket-reasoner; --write makes CLIENTS.md of a run of all
// clients with the embedded model. Installs into ~/.cache/retort/sdks what is not there yet.
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { startRetort } from '../../test/support/retort-server.ts';
import { clientsDocument } from './clients-document.ts';
import { type Program, programs } from './programs.ts';
import { type ClientRow, cellNames, countCells, formatCounts, formatTable, listNotes } from './table.ts';

const PROGRAM_MS = 300_000;
const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { config: { type: 'string' }, write: { type: 'boolean', default: false } },
});
const [only = ''] = positionals;
if (values.write && (only !== '' || values.config !== undefined)) {
	console.error('--write is for a run of all clients with the embedded model: no name and no --config beside it.');
	process.exit(2);
}
const key = 'sk-for-the-sdk-matrix';
const rows: ClientRow[] = [];

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
for (const state of ['not offered', 'failed', 'not installed'] as const) {
	for (const line of listNotes(rows, state)) console.log(`${state}: ${line}`);
}
console.log(`\n${formatCounts(rows)}`);
if (values.write) writeFileSync('CLIENTS.md', clientsDocument(rows, new Date().toISOString().slice(0, 10)));
const isGood = (['failed', 'not run', 'not installed'] as const).every((state) => countCells(rows, state) === 0);
process.exitCode = rows.length > 0 && isGood ? 0 : 1;

async function tryProgram(program: Program): Promise<void> {
	const mine = program.clients.map((client): ClientRow => ({ client, version: '', cells: new Map() }));
	rows.push(...mine);
	let command: ReturnType<Program['install']>;
	try {
		console.log(`== ${program.name}`);
		command = program.install();
	} catch (error) {
		const note = error instanceof Error ? error.message : String(error);
		for (const row of mine) for (const cell of cellNames) row.cells.set(cell, { state: 'not installed', note });
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
	const note = String(said.note ?? '').replace(/\s+/g, ' ');
	row.cells.set(said.cell, { state: said.state, note });
	console.log(`${said.client}: ${said.cell}: ${said.state}${note === '' ? '' : ` (${note})`}`);
}
