// Does llama.cpp read the file as it was trained? Tokenizer and chat template against the trainer's, and decode speed.
//   node check_gguf.mjs ../pocket-reasoner-q8_0.gguf work/checks.json       (checks.json: see write_checks.py)
import fs from 'node:fs';
import { Template } from '@huggingface/jinja';
import { getLlama } from 'node-llama-cpp';

const [file, checksFile] = process.argv.slice(2);
const checks = JSON.parse(fs.readFileSync(checksFile, 'utf8'));
const llama = await getLlama({ gpu: false, build: 'never', skipDownload: true });
const model = await llama.loadModel({ modelPath: file });
const { general, tokenizer } = model.fileInfo.metadata;
console.log(`${general.name}, ${general.architecture}, ${general.license}, context ${model.trainContextSize}`);

const sameIds = checks.texts.filter(([text, ids]) => `${model.tokenize(text, true)}` === `${ids}`);
console.log(`tokenizer: ${sameIds.length} of ${checks.texts.length} texts agree`);

const template = new Template(tokenizer.chat_template);
const samePrompts = checks.chats.filter(({ messages, tools, prompt }) => {
	const variables = { messages, tools: tools.length > 0 ? tools : undefined, add_generation_prompt: true };
	return template.render({ ...variables, bos_token: model.tokens.bosString }) === prompt;
});
console.log(`chat template: ${samePrompts.length} of ${checks.chats.length} prompts agree`);

const context = await model.createContext({ contextSize: 1024, threads: 1 });
const sequence = context.getSequence();
let tokens = 0;
let milliseconds = 0;
for (const { prompt } of checks.chats.slice(0, 20)) {
	await sequence.clearHistory();
	let first = 0;
	for await (const token of sequence.evaluate(model.tokenize(prompt, true), { temperature: 0 })) {
		if (first === 0) first = performance.now();
		else tokens += 1;
		if (model.isEogToken(token) || sequence.nextTokenIndex > 900) break;
	}
	milliseconds += performance.now() - first;
}
console.log(`decode, one thread: ${((1000 * tokens) / milliseconds).toFixed(0)} tokens/s`);
await llama.dispose();
