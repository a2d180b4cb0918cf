import type { Logger } from 'pino';
import { prepareTemplate } from '../chat/template/template.ts';
import type { Config } from '../config/schema.ts';
import { isLoopbackName } from '../gateway/loopback.ts';
import type { PoolModel } from '../pool/pool-options.ts';
import { type BannerModel, formatBanner } from './banner.ts';

/** Says that the server is ready: a log line, and the banner on stdout unless the log was asked to be JSON. */
export function announce(
	config: Config,
	pool: PoolModel[],
	facts: { url: string; version: string },
	log: Logger,
): void {
	const models = pool.flatMap(({ name, info }): BannerModel[] => {
		const model = config.models[name];
		if (info === null || model === undefined) return [];
		return [{ name, aliases: model.aliases, info, workers: model.workers, reasoning: reasoningOf(info) }];
	});
	const keyCount = config.keys.length;
	log.info({ url: facts.url, models: models.map(({ name }) => name), keys: keyCount }, 'ready');
	if (config.logging.format === 'json') return;
	const isLoopback = isLoopbackName(config.server.host);
	// Who started us may have closed it: that is no reason to end.
	process.stdout.on('error', () => undefined);
	process.stdout.write(formatBanner({ ...facts, models, keyCount, isLoopback }));
}

function reasoningOf({ chatTemplate, tokens }: BannerModel['info']): BannerModel['reasoning'] {
	try {
		return prepareTemplate({ source: chatTemplate, ...tokens }).traits.reasoning;
	} catch {
		return null; // requests for it say why
	}
}
