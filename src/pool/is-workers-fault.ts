import { RetortError } from '../errors.ts';

/** The request is not to blame, and another worker may do better. */
export function isWorkersFault(error: unknown): error is RetortError {
	if (!(error instanceof RetortError)) return false;
	return ['worker_crashed', 'overloaded', 'model_loading', 'shutting_down'].includes(error.code ?? '');
}
