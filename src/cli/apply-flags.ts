import type { KeyConfig } from '../config/key-schema.ts';
import type { ModelConfig } from '../config/model-schema.ts';
import { type Config, configSchema } from '../config/schema.ts';
import { configError } from '../errors.ts';
import { nameOfModel } from './name-of-model.ts';
import type { ServeFlags } from './serve-flags.ts';

const EMBEDDED_NAME = 'pocket-reasoner';

/**
 * Configuration with the command line on top. `--model` is served in place of the configuration's models; the flags of
 * a model (`--slots` and the like) apply to all that are served. Without any model the embedded one is.
 */
export function applyFlags(config: Config, flags: ServeFlags, keys: KeyConfig[], embeddedPath: string): Config {
	if (flags.name !== undefined && flags.model === undefined) throw configError('--name names the model of --model');
	if (flags.draftModel !== undefined && flags.model === undefined)
		throw configError('--draft-model drafts for the model of --model; in a configuration it is models.NAME.draft');
	const models = chooseModels(config, flags, embeddedPath);
	const { server, logging } = config;
	return {
		...config,
		server: {
			...server,
			host: flags.host ?? server.host,
			port: flags.port ?? server.port,
			insecure: flags.insecure ?? server.insecure,
			gateways: flags.gateways ?? server.gateways,
		},
		models: Object.fromEntries(
			Object.entries(models).map(([name, model]) => [
				name,
				{
					...model,
					workers: flags.workers ?? model.workers,
					slots: flags.slots ?? model.slots,
					contextTokens: flags.context ?? model.contextTokens,
					threads: flags.threads ?? model.threads,
					gpuLayers: flags.gpuLayers ?? model.gpuLayers,
					draft: flags.draftModel ?? model.draft,
				},
			]),
		),
		keys: [...config.keys, ...keys],
		logging: { ...logging, level: flags.logLevel ?? logging.level },
	};
}

function chooseModels(config: Config, flags: ServeFlags, embeddedPath: string): Record<string, ModelConfig> {
	if (flags.model !== undefined) return oneModel(flags.name ?? nameOfModel(flags.model), flags.model);
	if (Object.keys(config.models).length > 0) return config.models;
	return oneModel(EMBEDDED_NAME, embeddedPath);
}

/** The defaults of a model live in the schema. */
function oneModel(name: string, source: string): Record<string, ModelConfig> {
	return configSchema.parse({ models: { [name]: { source } } }).models;
}
