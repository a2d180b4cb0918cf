import { RetortError } from '../errors.ts';

/**
 * Another worker may do better: this one is to blame and not the request, or it is of an engine that has no word for what
 * is asked (`unsupported_value`), and a model may have others.
 */
export function mayRunElsewhere(error: unknown): error is RetortError {
	if (!(error instanceof RetortError)) return false;
	return ['worker_crashed', 'overloaded', 'model_loading', 'shutting_down', 'unsupported_value'].includes(
		error.code ?? '',
	);
}
