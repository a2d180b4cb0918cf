import { z } from 'zod';
import { reasoningFieldSchema } from './reasoning-schema.ts';
import { section } from './section.ts';

export const limitsSchema = section({
	requestsPerMinute: z.int().positive().nullable().default(null).describe('Requests a minute; null for no limit.'),
	tokensPerMinute: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe('Prompt and completion tokens a minute, reserved at admission, settled at the end.'),
	concurrentRequests: z
		.int()
		.positive()
		.nullable()
		.default(null)
		.describe('Requests running or queued at the same time.'),
});

export const keySchema = z.strictObject({
	id: z
		.string()
		.regex(/^[A-Za-z0-9_.-]{1,64}$/, '1..64 letters, digits, _ . -')
		.describe('Shown in logs and metrics; never the key itself.'),
	name: z.string().optional().describe('For people.'),
	sha256: z
		.string()
		.regex(/^[0-9a-f]{64}$/, 'a lower-case hex SHA-256 of the key')
		.describe('printf %s "$KEY" | sha256sum'),
	group: z.string().optional().describe('Keys of one group may share cached prefixes with cacheScope: group.'),
	models: z.array(z.string()).optional().describe('Models this key may use; absent means all.'),
	weight: z
		.int()
		.min(1)
		.max(100)
		.optional()
		.describe('Turns of this key while others take one each, when requests wait for slots; absent means 1.'),
	admin: z.boolean().default(false).describe('May call /admin.'),
	reasoningField: reasoningFieldSchema.optional().describe('Overrides reasoning.field for this key.'),
	maxThinkingTokens: z.int().nonnegative().optional().describe('Ceiling of the thinking budget for this key.'),
	defaultThinkingTokens: z
		.int()
		.nonnegative()
		.optional()
		.describe("Thinking budget of this key's requests that name none, in place of reasoning.defaultMaxTokens."),
	limits: limitsSchema.unwrap().optional().describe('Limits of this key, in place of the top-level ones.'),
});
export type KeyConfig = z.infer<typeof keySchema>;
