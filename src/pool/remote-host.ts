import { parseEndpoint } from './endpoint.ts';
import { HttpWorker, type HttpWorkerOptions } from './http-worker.ts';
import type { WorkerHost } from './worker-host.ts';

/** A worker that somebody else runs. Launching connects to it, killing lets go of it. */
export function remoteHost(options: { http: Omit<HttpWorkerOptions, 'endpoint'>; endpoint: string }): WorkerHost {
	const endpoint = parseEndpoint(options.endpoint);
	return {
		id: options.http.id,
		launch() {
			let leave: (reason: string) => void = () => {};
			const exited = new Promise<string>((resolve) => {
				leave = resolve;
			});
			return {
				worker: new HttpWorker({ ...options.http, endpoint }),
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
