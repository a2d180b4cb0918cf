import type { Verdict } from './judge.ts';
import type { Problem } from './problem.ts';

export type Column = { name: string; verdicts: readonly Verdict[] };

/** Markdown: a row a family, right answers a column, how many thoughts of the first column closed, and how many calls are valid. Pure. */
export function formatTable(problems: readonly Problem[], columns: readonly Column[]): string {
	const families = [...new Set(problems.map(({ family }) => family))];
	const rows = families.map((family) => row(family, (index) => problems[index]?.family === family));
	rows.push(row('all', () => true));
	const head = ['family', ...columns.map(({ name }) => name), 'thoughts closed', 'tokens of thought'];
	const table = [head, head.map(() => '---'), ...rows].map((cells) => `| ${cells.join(' | ')} |`).join('\n');
	return `${table}\n\nTool calls with valid arguments: ${columns.map(validCalls).join('; ')}`;

	function row(name: string, belongs: (index: number) => boolean): string[] {
		const own = columns.map(({ verdicts }) => verdicts.filter((_, index) => belongs(index)));
		const first = own[0] ?? [];
		const tokens = first.reduce((sum, { reasoningTokens }) => sum + reasoningTokens, 0);
		return [
			name,
			...own.map((verdicts) => share(verdicts, ({ isRight }) => isRight)),
			share(first, ({ isClosed }) => isClosed),
			first.length === 0 ? '-' : (tokens / first.length).toFixed(0),
		];
	}
}

function validCalls({ name, verdicts }: Column): string {
	const calling = verdicts.filter(({ callIsValid }) => callIsValid !== null);
	return `${name} ${share(calling, ({ callIsValid }) => callIsValid === true)}`;
}

function share(verdicts: readonly Verdict[], holds: (verdict: Verdict) => boolean): string {
	if (verdicts.length === 0) return '-';
	const good = verdicts.filter(holds).length;
	return `${good}/${verdicts.length} (${((100 * good) / verdicts.length).toFixed(1)} %)`;
}
