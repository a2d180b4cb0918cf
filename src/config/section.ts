import { z } from 'zod';

/** Absent and {} mean the same, for every section has a complete default; where absent means more, unwrap() one. */
export function section<Shape extends z.ZodRawShape>(shape: Shape) {
	return z.strictObject(shape).prefault({} as never); // every key has a default, which the type of prefault cannot see
}
