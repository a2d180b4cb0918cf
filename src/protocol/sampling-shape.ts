import { z } from 'zod';
import { optional } from './optional.ts';

const MAX_LOGIT_BIAS = 1024;

const temperature = z.number().min(0).max(2);
const penalty = z.number().min(-2).max(2);
const repetitionPenalty = z.number().positive().max(10);

/** 64 bits on the wire, 32 in llama.cpp: reduced, not refused, since clients draw seeds from the whole range. */
const seed = z
	.number()
	.refine(Number.isInteger, 'Expected an integer.')
	.meta({ type: 'integer' })
	.transform((value) => Number(BigInt.asUintN(32, BigInt(value))));

const logitBias = z
	.record(z.string().regex(/^[0-9]{1,9}$/, 'keys are token ids'), z.number().min(-100).max(100))
	.refine((bias) => Object.keys(bias).length <= MAX_LOGIT_BIAS, `At most ${MAX_LOGIT_BIAS} entries.`)
	.meta({ maxProperties: MAX_LOGIT_BIAS });

/** How tokens are drawn, in the words of OpenAI, vLLM and llama.cpp: the same wherever a request may say it. */
export const samplingShape = {
	temperature: optional(temperature).describe('Sampling temperature; 0 always takes the likeliest token.'),
	top_p: optional(z.number().min(0).max(1)).describe(
		'Nucleus: the likeliest tokens that together have this probability.',
	),
	top_k: optional(z.int().min(-1).max(2_147_483_647)).describe('Only the k likeliest tokens; -1 and 0 are off.'),
	min_p: optional(z.number().min(0).max(1)).describe('Only tokens at least this fraction as likely as the likeliest.'),
	presence_penalty: optional(penalty).describe('Taken from the logit of every token that has occurred.'),
	frequency_penalty: optional(penalty).describe('Taken from the logit of a token for each time that it has occurred.'),
	repetition_penalty: optional(repetitionPenalty).describe(
		'Divides the logits of tokens that have occurred; 1 is off.',
	),
	repeat_penalty: optional(repetitionPenalty).describe("llama.cpp's name for `repetition_penalty`."),
	seed: optional(seed).describe(
		'Makes a run repeatable, as long as what runs beside it is the same. Reduced to 32 bits; choices and samples count up from it.',
	),
	logit_bias: optional(logitBias).describe('Token ids, as strings, with what is added to their logits.'),
};
