import type { Config } from '../config/schema.ts';
import { type AppOptions, buildApp } from '../gateway/app.ts';
import { drainServer } from '../gateway/drain-server.ts';
import type { Front } from './front.ts';
import { listen } from './listen.ts';

/** The gateway in this process. Throws `config_error` where it cannot listen. */
export async function openGateway(options: AppOptions & { config: Config }): Promise<Front> {
	const app = buildApp(options);
	try {
		const url = await listen(app, options.config);
		return {
			url,
			drain: (graceMs) => drainServer(app, graceMs),
			close: async () => {
				await app.close();
			},
		};
	} catch (error) {
		await app.close();
		throw error;
	}
}
