import { existsSync, readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { expect, test } from 'vitest';

const here = new URL('.', import.meta.url);
const rows = readFileSync(new URL('MATRIX.md', here), 'utf8')
	.split('\n')
	.filter((line) => /^\|\s*\d+\s*\|/.test(line));
const { scripts } = JSON.parse(readFileSync(new URL('../package.json', here), 'utf8'));

test('the matrix of faults has each row once, and names only tests and scripts that exist', () => {
	expect(rows.map((row) => Number(row.split('|')[1]))).toEqual(Array.from({ length: 58 }, (_, index) => index + 1));
	for (const row of rows) {
		const named = [...(row.split('|')[4] ?? '').matchAll(/`([^`]+)`/g)].map(([, name = '']) => name);
		const paths = named.filter((name) => name.includes('.'));
		const commands = named.filter((name) => name.startsWith('npm run ')).map((name) => name.slice('npm run '.length));
		expect([row, paths.length + commands.length]).not.toEqual([row, 0]);
		expect(paths.filter((path) => !existsSync(fileURLToPath(new URL(path, here))))).toEqual([]);
		expect(commands.filter((command) => scripts[command] === undefined)).toEqual([]);
	}
});
