// The clients that people use, each as it comes from its registry, against the built server with the embedded model:
// npm run test:sdks -- [part of a client's or program's name] [--llama-server BINARY] [--write]. With a binary
// llama.cpp's own server draws the tokens; --write makes CLIENTS.md of a run of all clients with the embedded model.
// Installs into ~/.cache/retort/sdks what is not there yet.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { startLlamaServer } from '../llama-server/start-llama-server.ts';
import { clientsDocument } from './clients-document.ts';
import { report, runPrograms } from './run-programs.ts';

const SLOTS = 4;
const { values, positionals } = parseArgs({
	allowPositionals: true,
	options: { 'llama-server': { type: 'string' }, write: { type: 'boolean', default: false } },
});
const [only = ''] = positionals;
const binary = values['llama-server'];
if (values.write && (only !== '' || binary !== undefined)) {
	console.error(
		'--write is for a run of all clients with the embedded model: no name and no --llama-server beside it.',
	);
	process.exit(2);
}
const engine = binary === undefined ? null : await startLlamaServer(binary, SLOTS);
try {
	const rows = await runPrograms(only, engine?.url ?? null);
	process.exitCode = report(rows) ? 0 : 1;
	if (values.write) writeFileSync('CLIENTS.md', clientsDocument(rows, new Date().toISOString().slice(0, 10)));
} finally {
	await engine?.stop();
}
