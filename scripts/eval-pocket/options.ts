import { parseArgs } from 'node:util';
import { z } from 'zod';
import { configError } from '../../src/errors.ts';

export const usage = `npm run eval:pocket -- [options]
  --url URL          a running server; without it one is started from dist/main.js
  --model NAME       (pocket-reasoner)
  --per-family N     the first N held-out problems of every family (all)
  --families A,B     only these
  --sampled          a second pass at temperature 0.6, top-p 0.95
  --budgets          passes with 50, 25 and 0 % of the tokens that each thought took
  --concurrency N    requests at once (8)
  --show N           wrong answers to print per pass (0)
  --problems FILE    (models/pocket-reasoner/eval/problems.jsonl)
  RETORT_API_KEY     bearer key, from the environment`;

const count = z.coerce.number().int().positive();
const optionsSchema = z.object({
	url: z.string().nullable().default(null),
	model: z.string().default('pocket-reasoner'),
	'per-family': count.nullable().default(null),
	families: z
		.string()
		.default('')
		.transform((text) => text.split(',').filter((name) => name !== '')),
	sampled: z.boolean().default(false),
	budgets: z.boolean().default(false),
	concurrency: count.default(8),
	show: z.coerce.number().int().nonnegative().default(0),
	problems: z.string().default('models/pocket-reasoner/eval/problems.jsonl'),
});
export type EvalOptions = z.infer<typeof optionsSchema>;

const SWITCHES = new Set(['sampled', 'budgets']);

/** Throws config_error that names the flag. */
export function parseOptions(argv: readonly string[]): EvalOptions {
	const flags = Object.fromEntries(
		Object.keys(optionsSchema.shape).map((name) => [
			name,
			{ type: SWITCHES.has(name) ? ('boolean' as const) : ('string' as const) },
		]),
	);
	const parsed = optionsSchema.safeParse(parseArgs({ args: [...argv], options: flags }).values);
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw configError(`--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'invalid'}`);
}
