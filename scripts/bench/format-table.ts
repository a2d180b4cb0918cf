import type { Row } from './compare.ts';
import type { Spread } from './statistics.ts';

/** Markdown: median, and least..most of the rounds. Pure. */
export function formatTable(rows: readonly Row[], labels: { target: string; against: string | null }): string {
	const head = ['', 'unit', labels.target, ...(labels.against === null ? [] : [labels.against, 'ratio', 'difference'])];
	const lines = rows.map((row) => [
		row.name,
		row.unit,
		show(row.target),
		...(labels.against === null ? [] : [show(row.against), showRatio(row), showDifference(row)]),
	]);
	const widths = head.map((title, column) => Math.max(title.length, ...lines.map((line) => line[column]?.length ?? 0)));
	const write = (cells: readonly string[]) =>
		`| ${cells.map((cell, column) => cell.padEnd(widths[column] ?? 0)).join(' | ')} |`;
	return [write(head), write(widths.map((width) => '-'.repeat(width))), ...lines.map(write)].join('\n');
}

function show(spread: Spread | null): string {
	if (spread === null) return '-';
	if (spread.least === spread.most) return digits(spread.median);
	return `${digits(spread.median)} (${digits(spread.least)}..${digits(spread.most)})`;
}

function showRatio(row: Row): string {
	return row.better === 'neither' || row.ratio === null ? '-' : show(row.ratio);
}

function showDifference(row: Row): string {
	return row.unit === 'ms' ? show(row.difference) : '-';
}

function digits(value: number): string {
	return value.toFixed(Math.abs(value) >= 100 ? 0 : Math.abs(value) >= 10 ? 1 : 2);
}
