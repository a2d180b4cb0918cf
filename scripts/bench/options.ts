import { parseArgs } from 'node:util';
import { z } from 'zod';
import { configError } from '../../src/errors.ts';
import { workloadNames } from './workloads.ts';

export const usage = `npm run bench -- --target URL --workload NAME [options]
  --target URL           http://host:port of any OpenAI-compatible endpoint
  --against URL          a second one: rounds alternate, ratios are target / against
  --workload NAME        ${workloadNames.join(', ')}
  --concurrency N        streams, users or arrivals at once (8)
  --rounds N             measured rounds (3), after --warmup N of them that are thrown away (1)
  --requests N           requests or conversations a lane (the workload's own)
  --prompt-tokens N      (the workload's own)        --output-tokens N (the workload's own)
  --rate R               open loop: R arrivals a second, Poisson, in place of lanes
  --deadline-ms N        a request counts as goodput when it ends in time (30000)
  --model NAME           (the endpoint's first)      --against-model NAME
  --ban-tokens IDS       ids of end-of-generation tokens, comma-separated: answers get their full length
  --body JSON            merged into every request
  --seed TEXT            of the prompts (another one each time: a server that knows them is faster)
  --rest-ms N            between rounds, so that what a server does afterwards is not in the other's figures (0)
  --json FILE            writes everything measured
  --check-sequence       answers must be "t0 t1 t2 ...", as a scripted worker sends them
  BENCH_API_KEY          bearer key, from the environment`;

const count = z.coerce.number().int().positive();
const optionsSchema = z.object({
	target: z.string(),
	against: z.string().nullable().default(null),
	workload: z.enum(workloadNames),
	concurrency: count.default(8),
	rounds: count.default(3),
	warmup: z.coerce.number().int().nonnegative().default(1),
	requests: count.nullable().default(null),
	'prompt-tokens': count.nullable().default(null),
	'output-tokens': count.nullable().default(null),
	rate: z.coerce.number().positive().nullable().default(null),
	'deadline-ms': count.default(30_000),
	model: z.string().nullable().default(null),
	'against-model': z.string().nullable().default(null),
	'ban-tokens': z
		.string()
		.regex(/^(\d+(,\d+)*)?$/, 'not ids with commas between')
		.default('')
		.transform((text) => (text === '' ? [] : text.split(',').map(Number))),
	body: z
		.string()
		.default('{}')
		.transform((text, context): unknown => {
			try {
				return JSON.parse(text);
			} catch {
				context.addIssue('not JSON');
				return z.NEVER;
			}
		})
		.pipe(z.record(z.string(), z.unknown())),
	seed: z.string().default(() => Date.now().toString(36)),
	'rest-ms': z.coerce.number().int().nonnegative().default(0),
	json: z.string().nullable().default(null),
	'check-sequence': z.boolean().default(false),
});
export type BenchOptions = z.infer<typeof optionsSchema>;

/** Throws config_error that names the flag. */
export function parseOptions(argv: readonly string[]): BenchOptions {
	const flags = Object.fromEntries(
		Object.keys(optionsSchema.shape).map((name) => [
			name,
			{ type: name === 'check-sequence' ? ('boolean' as const) : ('string' as const) },
		]),
	);
	let values: unknown;
	try {
		values = parseArgs({ args: [...argv], options: flags }).values;
	} catch (error) {
		throw configError(error instanceof Error ? error.message : String(error), error);
	}
	const parsed = optionsSchema.safeParse({ ...(values as object) }); // parseArgs gives an object without prototype
	if (parsed.success) return parsed.data;
	const [issue] = parsed.error.issues;
	throw configError(`--${issue?.path.join('.') ?? ''}: ${issue?.message ?? 'wrong'}`);
}
