import { workerFailed } from '../errors.ts';
import type { WorkerEvent } from '../protocol/worker-api.ts';

/**
 * Holds the order that the protocol promises: generation-start once and first, nothing after the end. Returns the
 * check, to be called with each event; it throws worker_crashed.
 */
export function checkEventOrder(): (event: WorkerEvent) => void {
	let state: 'before' | 'running' | 'ended' = 'before';
	return (event) => {
		const isStart = event.type === 'generation-start';
		if (state === 'ended' || isStart !== (state === 'before')) {
			if (event.type !== 'generation-error' || state === 'ended')
				throw workerFailed('The model worker failed while it processed your request.', `${event.type} while ${state}`);
		}
		state = event.type === 'generation-end' || event.type === 'generation-error' ? 'ended' : 'running';
	};
}
