import type { Parameter } from './operation.ts';

export const idempotencyKey: Parameter = {
	name: 'Idempotency-Key',
	in: 'header',
	description:
		'The same key and body within ten minutes gets the same answer, or joins the one that is under way, instead of beginning a second; `idempotent-replayed: true` tells. The same key with another body is a 400.',
	schema: { type: 'string', maxLength: 255 },
};

export function pathId(description: string, example: string): Parameter {
	return { name: 'id', in: 'path', description, example };
}
