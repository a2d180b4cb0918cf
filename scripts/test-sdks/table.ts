export type State = 'ok' | 'failed' | 'not offered' | 'not run' | 'not installed';
/** `note` says why it failed, or why there is nothing of the kind. */
export type Cell = { state: State; note: string };
export type ClientRow = { client: string; version: string; cells: Map<string, Cell> };

export const cellNames = [
	...['whole', 'streamed', 'reasoning', 'tools', 'structured', 'responses', 'responses streamed'],
	...['wrong key', 'unknown model', 'too long', 'abort'],
];

const shown: Record<State, string> = {
	ok: 'ok',
	failed: 'FAILED',
	'not offered': '–',
	'not run': 'NOT RUN',
	'not installed': 'not installed',
};

const stateOf = ({ cells }: ClientRow, name: string): State => cells.get(name)?.state ?? 'not run';

/** The matrix as Markdown, the versions with it. */
export function formatTable(rows: readonly ClientRow[]): string {
	const head = ['client', 'versions', ...cellNames];
	const body = rows.map((row) => [row.client, row.version, ...cellNames.map((name) => shown[stateOf(row, name)])]);
	return [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}

/** How many cells of all clients are in this state. */
export function countCells(rows: readonly ClientRow[], state: State): number {
	return rows.flatMap((row) => cellNames.filter((name) => stateOf(row, name) === state)).length;
}

export function formatCounts(rows: readonly ClientRow[]): string {
	const states: State[] = ['ok', 'failed', 'not installed', 'not run', 'not offered'];
	return states
		.map((state) => [countCells(rows, state), state] as const)
		.filter(([count, state]) => count > 0 || state === 'failed')
		.map(([count, state]) => `${count} ${state}`)
		.join(', ');
}

/** A line for each cell in this state and what is said of it; cells of a client of which the same is said share one. */
export function listNotes(rows: readonly ClientRow[], state: State): string[] {
	return rows.flatMap(({ client, cells }) => {
		const byNote = new Map<string, string[]>();
		for (const [name, cell] of cells) {
			if (cell.state === state) byNote.set(cell.note, [...(byNote.get(cell.note) ?? []), name]);
		}
		return [...byNote].map(([note, names]) => `${client}: ${names.join(', ')}: ${note}`);
	});
}
