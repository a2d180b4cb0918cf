// llama.cpp's own server as a member of the pool: npm run check:llama-server -- --binary PATH [--per-family N]
// The thoughts and answers of our worker at temperature 0, the reasoning table, and every client of test:sdks through it.
import { parseArgs } from 'node:util';
import { hasNativeBinary } from '../../../src/worker/native-addon.ts';
import { BUILD_HINT, startLlamaServer } from '../../llama-server/start-llama-server.ts';
import { report, runPrograms } from '../../test-sdks/run-programs.ts';
import { compareEngines, SLOTS } from './compare-engines.ts';

const { values } = parseArgs({
	options: { binary: { type: 'string' }, 'per-family': { type: 'string', default: '2' } },
});
if (values.binary === undefined) {
	console.error(`npm run check:llama-server -- --binary PATH/TO/llama-server [--per-family N]\n\n${BUILD_HINT}`);
	process.exit(2);
}

const server = await startLlamaServer(values.binary, SLOTS);
try {
	const where = { type: 'url' as const, url: server.url };
	const remote = { where, refreshMs: 0, token: null, tls: null, engine: { kind: 'llama-server' as const } };
	// A native build's attention keeps sums of 32 bits: where two tokens are nearly as likely, the other one may come.
	await compareEngines(remote, { perFamily: Number(values['per-family']), isExact: !hasNativeBinary('cpu') });
	// The engine's slots are for one gateway alone: the one of the tables is closed by now.
	if (!report(await runPrograms('', server.url))) process.exitCode = 1;
	console.log('What differs there by design of the engine: README, "Workers on other machines".');
} finally {
	await server.stop();
}
