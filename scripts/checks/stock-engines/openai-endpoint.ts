// Any /v1 that serves the embedded model as a member of the pool:
//   npm run check:openai-endpoint -- --tokenizer FOLDER --url URL [--name NAME] [--plain] [--per-family N]
//   npm run check:openai-endpoint -- --tokenizer FOLDER --binary PATH/TO/llama-server
// --plain: it knows OpenAI's own fields alone, so nothing is bound to a schema. gguf_to_hf.py writes the folder, which vLLM and SGLang load as it is.
import { parseArgs } from 'node:util';
import { readTokenizerFolder } from '../../../src/cli/read-tokenizer-folder.ts';
import { hasNativeBinary } from '../../../src/worker/native-addon.ts';
import { startLlamaServer } from '../../llama-server/start-llama-server.ts';
import { compareEngines, SLOTS } from './compare-engines.ts';

const { values } = parseArgs({
	options: {
		url: { type: 'string' },
		binary: { type: 'string' },
		plain: { type: 'boolean', default: false },
		name: { type: 'string', default: 'pocket-reasoner' },
		tokenizer: { type: 'string' },
		'per-family': { type: 'string', default: '2' },
	},
});
if (values.tokenizer === undefined || (values.url === undefined) === (values.binary === undefined)) {
	console.error('npm run check:openai-endpoint -- --tokenizer FOLDER (--url URL [--name NAME] | --binary PATH)');
	process.exit(2);
}

const server = values.binary === undefined ? null : await startLlamaServer(values.binary, SLOTS);
try {
	const tokenizer = readTokenizerFolder(values.tokenizer);
	const engine = { kind: 'openai' as const, model: values.name, tokenizer, contextTokens: 4096, slots: SLOTS };
	const where = { type: 'url' as const, url: server?.url ?? values.url ?? '' };
	const remote = { where, refreshMs: 0, token: null, tls: null, engine };
	// Other engines calculate with other weights and in another order: near a tie they may go another way.
	const kind = { isExact: server !== null && !hasNativeBinary('cpu'), hasGrammar: server === null && !values.plain };
	await compareEngines(remote, { perFamily: Number(values['per-family']), ...kind });
	console.log('What differs there by design of the engine: README, "Workers on other machines".');
} finally {
	await server?.stop();
}
