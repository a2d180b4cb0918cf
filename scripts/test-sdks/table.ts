export type State = 'ok' | 'failed' | 'not offered' | 'not run' | 'not installed';
export type ClientRow = { client: string; version: string; cells: Map<string, State> };

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

/** The matrix as Markdown, the versions with it. */
export function formatTable(rows: readonly ClientRow[]): string {
	const head = ['client', 'versions', ...cellNames];
	const body = rows.map(({ client, version, cells }) => [
		client,
		version,
		...cellNames.map((name) => shown[cells.get(name) ?? 'not run']),
	]);
	return [head, head.map(() => '---'), ...body].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
}
