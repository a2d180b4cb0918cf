import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { gatewayFlags } from '../scripts/bench/gateway-flags.ts';

/** Node's flags before `main.js` in each line of the text. */
function flagsIn(text: string): string[] {
	return text
		.split('\n')
		.filter((line) => line.includes('semi-space-size'))
		.map((line) => line.match(/--(?:min|max)-semi-space-size=\d+|--heap-growing-percent=\d+/g)?.join(' ') ?? '');
}

it.each(['package.json', 'src/main.ts', 'Dockerfile', 'config/systemd/retort.service'])(
	'%s starts the server with the flags that it is measured with',
	(file) => {
		const lines = flagsIn(readFileSync(new URL(`../${file}`, import.meta.url), 'utf8'));
		expect(lines.length).toBeGreaterThan(0);
		for (const flags of lines) expect(flags).toBe(gatewayFlags['node-flags'].default);
	},
);
