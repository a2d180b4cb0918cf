import { z } from 'zod';
import { section } from './section.ts';

export const reasoningFieldSchema = z.enum(['reasoning_content', 'reasoning', 'both', 'tags', 'hidden']);

const effortSchema = section({
	none: z.number().min(0).max(1).default(0).describe('Share for reasoning_effort none.'),
	minimal: z.number().min(0).max(1).default(0.1).describe('Share for reasoning_effort minimal.'),
	low: z.number().min(0).max(1).default(0.25).describe('Share for reasoning_effort low.'),
	medium: z.number().min(0).max(1).default(0.5).describe('Share for reasoning_effort medium.'),
	high: z.number().min(0).max(1).default(0.8).describe('Share for reasoning_effort high.'),
	xhigh: z.number().min(0).max(1).default(0.95).describe('Share for reasoning_effort xhigh.'),
	max: z.number().min(0).max(1).default(1).describe('Share for reasoning_effort max.'),
});

export const reasoningSchema = section({
	field: reasoningFieldSchema
		.default('reasoning_content')
		.describe('Where clients find the thought, unless key or request say otherwise.'),
	effort: effortSchema.describe('Share of the tokens that a request leaves for thinking, by effort.'),
	defaultMaxTokens: z
		.int()
		.nonnegative()
		.nullable()
		.default(null)
		.describe('Thinking budget of a request that names none; null leaves all but the reserve.'),
	maxTokens: z.int().nonnegative().nullable().default(null).describe('Ceiling of any thinking budget.'),
	answerReserveTokens: z
		.int()
		.positive()
		.default(1024)
		.describe('Kept for the answer: the smaller of this and half of max_tokens.'),
	graceShare: z
		.number()
		.min(0)
		.max(1)
		.default(0.1)
		.describe('Share of the budget within which the thought may still end its sentence.'),
	closing: z
		.string()
		.default('\n\nTime to answer.\n')
		.describe('Put at the end of a thought that was closed for it; a model may have words of its own.'),
	closesOnLoop: z.boolean().default(true).describe('Close a thought that repeats itself.'),
});
