import { expect, test } from 'vitest';
import { stripReasoning } from '../../../src/chat/template/strip-reasoning.ts';

test.each([
	['a closed thought', '<think>\nhm\n</think>\n\n42', '42'],
	['a thought after white space', '\n <think>hm</think>42', '42'],
	['two thoughts', '<think>a</think><think>b</think>42', '42'],
	['an unclosed thought', '<think>\nhm, so', ''],
	['an empty thought', '<think>\n\n</think>\n\n42', '42'],
	['a thought whose opening stood in the prompt', 'hm\nso\n</think>\n\n42', '42'],
])('%s is dropped', (_what, content, answer) => {
	expect(stripReasoning(content)).toBe(answer);
});

test.each([
	['no marks at all', 'The answer is 42.'],
	['an answer that talks of the mark', 'R1 ends its thought with `</think>`.'],
	['an answer that shows both marks', 'Write <think>\nso\n</think>\n\nand then answer.'],
	['an empty answer', ''],
])('%s stays', (_what, content) => {
	expect(stripReasoning(content)).toBe(content);
});
