import type { Endpoint } from './endpoint.ts';
import type { Worker } from './worker.ts';
import type { WorkerHost } from './worker-host.ts';

/** A worker that somebody else runs. Launching connects to it, killing lets go of it. */
export function remoteHost(options: {
	id: string;
	endpoint: Endpoint;
	connect: (endpoint: Endpoint) => Worker;
}): WorkerHost {
	return {
		id: options.id,
		launch() {
			let leave: (reason: string) => void = () => {};
			const exited = new Promise<string>((resolve) => {
				leave = resolve;
			});
			return {
				worker: options.connect(options.endpoint),
				pid: null,
				exited,
				async end() {
					leave('let go');
				},
				kill() {
					leave('let go');
				},
			};
		},
	};
}
