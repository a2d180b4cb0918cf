import { spawn } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { startRetort } from '../../test/support/retort-server.ts';
import { type Program, programs } from './programs.ts';
import { type ClientRow, cellNames, countCells, formatCounts, formatTable, listNotes } from './table.ts';

const PROGRAM_MS = 300_000;
const KEY = 'sk-for-the-sdk-matrix';

/**
 * Runs the programs that have `only` in their name or in a client's, against a server of their own: over the embedded
 * model or, with `llamaServer`, over the stock engine that listens at that URL. Prints each cell as it comes.
 */
export async function runPrograms(only: string, llamaServer: string | null): Promise<ClientRow[]> {
	const scratch = mkdtempSync(join(tmpdir(), 'retort-sdks-'));
	const config = join(scratch, 'retort.json');
	const hosts = llamaServer === null ? {} : { models: { 'pocket-reasoner': { hosts: [stockEngine(llamaServer)] } } };
	const keys = [{ id: 'sdks', sha256: createHash('sha256').update(KEY).digest('hex') }];
	writeFileSync(config, JSON.stringify({ ...hosts, keys }));
	const rows: ClientRow[] = [];
	const chosen = programs.filter(({ name, clients }) => [name, ...clients].some((one) => one.includes(only)));
	try {
		const slots = llamaServer === null ? ['--slots', '2'] : [];
		const server = await startRetort(['--config', config, ...slots, '--log-level', 'warn']);
		try {
			for (const program of chosen) rows.push(...(await tryProgram(program, server.url)));
		} finally {
			await server.stop();
		}
	} finally {
		rmSync(scratch, { recursive: true, force: true });
	}
	return rows;
}

/** Prints the matrix; true where every cell is what was promised. */
export function report(rows: readonly ClientRow[]): boolean {
	console.log(`\n${formatTable(rows)}\n`);
	for (const state of ['not offered', 'failed', 'not installed'] as const) {
		for (const line of listNotes(rows, state)) console.log(`${state}: ${line}`);
	}
	console.log(`\n${formatCounts(rows)}`);
	const isGood = (['failed', 'not run', 'not installed'] as const).every((state) => countCells(rows, state) === 0);
	return rows.length > 0 && isGood;
}

const stockEngine = (url: string) => ({ url, kind: 'llama-server' });

async function tryProgram(program: Program, url: string): Promise<ClientRow[]> {
	const mine = program.clients.map((client): ClientRow => ({ client, version: '', cells: new Map() }));
	let command: ReturnType<Program['install']>;
	try {
		console.log(`== ${program.name}`);
		command = program.install();
	} catch (error) {
		const note = error instanceof Error ? error.message : String(error);
		for (const row of mine) for (const cell of cellNames) row.cells.set(cell, { state: 'not installed', note });
		return mine;
	}
	const child = spawn(command.command, command.args, {
		cwd: command.cwd,
		env: { ...process.env, RETORT_URL: `${url}/v1`, RETORT_KEY: KEY },
		stdio: ['ignore', 'pipe', 'inherit'],
		timeout: PROGRAM_MS,
	});
	for await (const line of createInterface({ input: child.stdout })) readLine(line, mine);
	return mine;
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
