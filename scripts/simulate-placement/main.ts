import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { comparePolicies } from './compare.ts';
import { record } from './record.ts';
import type { ServiceTime } from './workload.ts';

/** `npm run simulate:placement`: what placement is worth, as a table. `-- --record FILE` measures service times anew. */
const [flag, file] = process.argv.slice(2);
if (flag === '--record' && file !== undefined) await record(file);
else {
	const path = join(process.cwd(), 'scripts', 'simulate-placement', 'service-times.json');
	const recorded: ServiceTime[] = JSON.parse(readFileSync(path, 'utf8'));
	process.stdout.write(
		'| workers | load | policy | p50 TTFT | p95 TTFT | prompt tokens from cache |\n|---|---|---|---|---|---|\n',
	);
	for (const workers of [1, 2, 4, 16, 64, 256]) {
		for (const utilisation of [0.4, 0.8]) {
			const conversations = Math.min(12_000, 400 + workers * 60);
			const options = { workers, slotsPerWorker: 8, utilisation, conversations, isMixed: workers > 2, seed: 7 };
			for (const { policy, p50Ms, p95Ms, cachedShare } of comparePolicies(recorded, options)) {
				const cells = [workers, utilisation, policy, `${Math.round(p50Ms)} ms`, `${Math.round(p95Ms)} ms`];
				process.stdout.write(`| ${cells.join(' | ')} | ${Math.round(100 * cachedShare)} % |\n`);
			}
		}
	}
}
