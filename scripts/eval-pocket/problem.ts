import { readFileSync } from 'node:fs';
import { z } from 'zod';

const callSchema = z.object({ name: z.string(), arguments: z.unknown() });

const toolSchema = z.looseObject({
	function: z.looseObject({
		name: z.string(),
		parameters: z.looseObject({ properties: z.record(z.string(), z.unknown()) }),
	}),
});

/** One held-out question. Exactly one of answer, json and call says what is right. */
const problemSchema = z.object({
	family: z.string(),
	messages: z.array(z.record(z.string(), z.unknown())),
	tools: z.array(toolSchema).optional(),
	response_format: z.unknown().optional(),
	/** All of the text after the thought. */
	answer: z.string().optional(),
	/** The value that the answer parses to, where a schema decides on its spaces. */
	json: z.unknown().optional(),
	call: callSchema.optional(),
});
export type Problem = z.infer<typeof problemSchema>;

/** Reads a file of JSON lines. */
export function readProblems(path: string): Problem[] {
	const lines = readFileSync(path, 'utf8').split('\n');
	return lines.filter((line) => line !== '').map((line) => problemSchema.parse(JSON.parse(line)));
}

/** The first `count` of every family, in the file's order; all of them for null. */
export function takePerFamily(
	problems: readonly Problem[],
	count: number | null,
	families: readonly string[],
): Problem[] {
	const taken = new Map<string, number>();
	return problems.filter(({ family }) => {
		if (families.length > 0 && !families.includes(family)) return false;
		const before = taken.get(family) ?? 0;
		taken.set(family, before + 1);
		return count === null || before < count;
	});
}
