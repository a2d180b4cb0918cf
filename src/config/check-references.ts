import type { ConfigProblem } from './describe-issue.ts';
import { nearestName } from './nearest-name.ts';
import type { Config } from './schema.ts';

/** What no schema can say: names that must be unique, and names that must exist. */
export function checkReferences(config: Config): ConfigProblem[] {
	return [
		...checkModelNames(config),
		...checkHosts(config),
		...checkRoutes(config),
		...checkFallbacks(config),
		...checkKeys(config),
	];
}

function checkModelNames(config: Config): ConfigProblem[] {
	const problems: ConfigProblem[] = [];
	const owners = new Map(Object.keys(config.models).map((name) => [name, name]));
	for (const [name, model] of Object.entries(config.models)) {
		for (const [index, alias] of model.aliases.entries()) {
			const owner = owners.get(alias);
			if (owner !== undefined)
				problems.push({
					path: ['models', name, 'aliases', index],
					message: `the alias ${alias} is a name of the model ${owner} already`,
				});
			owners.set(alias, name);
		}
	}
	return problems;
}

function checkHosts(config: Config): ConfigProblem[] {
	const problems: ConfigProblem[] = [];
	for (const [name, { source, hosts, embeddings }] of Object.entries(config.models)) {
		if (source === undefined && hosts.length === 0 && config.announcements.tokenFile === null)
			problems.push({ path: ['models', name], message: `models.${name} needs a source, or hosts that serve it` });
		for (const [index, host] of hosts.entries()) {
			const path = ['models', name, 'hosts', index];
			const where = [host.url, host.dns, host.srv].filter((address) => address !== undefined);
			if (embeddings === true && host.kind !== 'retort')
				problems.push({ path: [...path, 'kind'], message: 'embeddings are made by `retort worker` alone' });
			if (host.kind === 'openai' && host.tokenizer === undefined)
				problems.push({ path, message: "a host of kind openai needs tokenizer: the model's folder" });
			for (const key of ['tokenizer', 'servedName'] as const)
				if (host.kind !== 'openai' && host[key] !== undefined)
					problems.push({ path: [...path, key], message: `${key} is for hosts of kind openai` });
			if (host.tokenFile !== undefined && host.tokenEnv !== undefined)
				problems.push({ path: [...path, 'tokenEnv'], message: 'a host has one of tokenFile and tokenEnv' });
			if (where.length !== 1) problems.push({ path, message: 'a host has one of url, dns and srv' });
			if ((host.tls?.certFile === undefined) !== (host.tls?.keyFile === undefined))
				problems.push({ path: [...path, 'tls'], message: 'certFile and keyFile belong together' });
			if (host.tls !== undefined && where[0]?.startsWith('https:') === false)
				problems.push({ path: [...path, 'tls'], message: 'tls is for an https:// address' });
		}
	}
	return problems;
}

function checkKeys(config: Config): ConfigProblem[] {
	const problems: ConfigProblem[] = [];
	const ids = new Set<string>();
	const hashes = new Set<string>();
	const models = [...namesOf(config), ...Object.keys(config.routes)];
	for (const [index, key] of config.keys.entries()) {
		if (ids.has(key.id)) problems.push({ path: ['keys', index, 'id'], message: `the key id ${key.id} is used twice` });
		if (hashes.has(key.sha256))
			problems.push({ path: ['keys', index, 'sha256'], message: 'two entries hold the same key' });
		ids.add(key.id);
		hashes.add(key.sha256);
		if (Object.keys(config.models).length === 0) continue; // the embedded model, or the one of --model
		for (const [modelIndex, model] of (key.models ?? []).entries()) {
			if (models.includes(model)) continue;
			problems.push(noModel(['keys', index, 'models', modelIndex], model, models));
		}
	}
	return problems;
}

function checkRoutes(config: Config): ConfigProblem[] {
	const names = Object.keys(config.models);
	const taken = namesOf(config);
	return Object.entries(config.routes).flatMap(([route, weights]) => {
		const path = ['routes', route];
		if (taken.includes(route)) return [{ path, message: `the route ${route} is a name of a model already` }];
		if (Object.keys(weights).length === 0) return [{ path, message: `the route ${route} leads to no model` }];
		return Object.keys(weights)
			.filter((model) => !names.includes(model))
			.map((model) => noModel([...path, model], model, names));
	});
}

function checkFallbacks(config: Config): ConfigProblem[] {
	const names = Object.keys(config.models);
	return Object.entries(config.fallbacks).flatMap(([model, chain]) => {
		const path = ['fallbacks', model];
		const owner = names.includes(model) ? [] : [noModel(path, model, names)];
		const others = chain.flatMap((other, index) => {
			if (other === model) return [{ path: [...path, index], message: `${model} cannot stand in for itself` }];
			return names.includes(other) ? [] : [noModel([...path, index], other, names)];
		});
		return [...owner, ...others];
	});
}

/** Every name of every model. */
function namesOf(config: Config): string[] {
	return Object.entries(config.models).flatMap(([name, model]) => [name, ...model.aliases]);
}

function noModel(path: PropertyKey[], model: string, models: string[]): ConfigProblem {
	const near = nearestName(model, models);
	return { path, message: `there is no model ${model}${near === null ? '' : `; did you mean ${near}?`}` };
}
