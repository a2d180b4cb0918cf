import { readFileSync } from 'node:fs';
import { type ChatTemplate, prepareTemplate } from '../../src/chat/template/template.ts';

const R1_TOKENS = {
	bos: '<｜begin▁of▁sentence｜>',
	eos: '<｜end▁of▁sentence｜>',
	special: ['<｜begin▁of▁sentence｜>', '<｜end▁of▁sentence｜>', '<｜User｜>', '<｜Assistant｜>', '<think>', '</think>'],
};
const CHATML_TOKENS = { bos: null, eos: '<|im_end|>', special: ['<|im_start|>', '<|im_end|>'] };
const THINKING_CHATML_TOKENS = { ...CHATML_TOKENS, special: [...CHATML_TOKENS.special, '<think>', '</think>'] };

/** Templates that behave as those in the wild do, with the tokens that their vocabularies have. */
export const FIXTURES = {
	'r1-with-tail': R1_TOKENS,
	'r1-without-tail': R1_TOKENS,
	qwq: THINKING_CHATML_TOKENS,
	qwen3: THINKING_CHATML_TOKENS,
	smollm2: CHATML_TOKENS,
	'llama-3.1': { bos: '<|begin_of_text|>', eos: '<|eot_id|>', special: ['<|begin_of_text|>', '<|eot_id|>'] },
	gemma: { bos: '<bos>', eos: '<eos>', special: ['<bos>', '<eos>', '<start_of_turn>', '<end_of_turn>'] },
	'v3.1': R1_TOKENS,
} as const;
export type FixtureName = keyof typeof FIXTURES;

function readFixture(name: FixtureName): string {
	return readFileSync(new URL(`./fixtures/${name}.jinja`, import.meta.url), 'utf8');
}

export function fixtureTemplate(name: FixtureName): ChatTemplate {
	return prepareTemplate({ source: readFixture(name), ...FIXTURES[name] });
}

/** The embedded model's own. */
export function pocketTemplate(): ChatTemplate {
	const file = new URL('../../models/pocket-reasoner/train/chat_template.jinja', import.meta.url);
	return prepareTemplate({ source: readFileSync(file, 'utf8'), ...R1_TOKENS });
}
