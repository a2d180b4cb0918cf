import { z } from 'zod';

/** All four keys, and nothing beside them. */
export const errorSchema = z.strictObject({
	error: z.strictObject({
		message: z.string().min(1),
		type: z.string(),
		param: z.string().nullable(),
		code: z.string().nullable(),
	}),
});
