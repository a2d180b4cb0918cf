import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { parseAllDocuments } from 'yaml';
import { configJsonSchema, type SchemaNode } from '../../src/config/config-json-schema.ts';
import { defaultYaml } from '../../src/config/default-yaml.ts';
import { defaultConfig, loadConfig, parseConfig } from '../../src/config/load-config.ts';

const read = (path: string) => readFileSync(new URL(`../../config/${path}`, import.meta.url), 'utf8');

/** Paths of all keys that have neither a description nor a parent that says it all. */
function undescribed(node: SchemaNode, path: string): string[] {
	const entry = typeof node.additionalProperties === 'object' ? node.additionalProperties : node.items;
	const children = Object.entries(node.properties ?? {}).flatMap(([key, child]) =>
		undescribed(child, `${path}.${key}`),
	);
	const inEntry = entry?.properties ? undescribed(entry, `${path}.*`) : [];
	const isSection = node.properties !== undefined;
	return [...(isSection || node.description ? [] : [path]), ...children, ...inEntry];
}

describe('config/', () => {
	it('has default.yaml in step with the schema (npm run generate writes it)', () => {
		expect(read('default.yaml')).toBe(defaultYaml());
	});

	it('has schema.json in step with the schema (npm run generate writes it)', () => {
		expect(JSON.parse(read('schema.json'))).toEqual(JSON.parse(JSON.stringify(configJsonSchema())));
	});

	it('has a default.yaml that means the defaults', () => {
		expect(parseConfig(defaultYaml(), 'default.yaml')).toEqual(defaultConfig());
	});

	it('has examples in default.yaml that are right once uncommented', () => {
		const text = defaultYaml()
			.replace('models: {}', 'models:')
			.replace('keys: []', 'keys:')
			.replaceAll(/^#( {2,})/gm, '$1')
			.replace('source:', 'source: hf:user/repo:Q4_K_M')
			.replace('- id:', '- id: alice')
			.replaceAll(/^( *)(sha256):$/gm, `$1$2: ${'a'.repeat(64)}`)
			.replaceAll(/^ *(name|group|models|weight|reasoningField|maxThinkingTokens|defaultThinkingTokens):$/gm, '')
			.replace(/^\s*deepseek-r1-7b:$/m, 'models:\n  deepseek-r1-7b:');
		const config = parseConfig(text, 'default.yaml');
		expect(Object.keys(config.models)).toEqual(['deepseek-r1-7b']);
		expect(config.keys.map((key) => key.id)).toEqual(['alice']);
	});

	it('describes every key', () => {
		expect(undescribed({ properties: configJsonSchema().properties ?? {} }, 'config')).toEqual([]);
	});

	it('has a configuration in the Kubernetes manifests that loads', () => {
		const [map] = parseAllDocuments(read('k8s/gateway.yaml'));
		const config = parseConfig(String(map?.getIn(['data', 'retort.yaml'])), 'retort.yaml');
		expect(Object.keys(config.models)).toEqual(['deepseek-r1-7b']);
		expect(config.metrics.vllmNames).toBe(true);
	});

	it('has a team example that loads', () => {
		const config = loadConfig(new URL('../../config/team.example.yaml', import.meta.url).pathname);
		expect(Object.keys(config.models).length).toBeGreaterThan(1);
		expect(config.keys.length).toBeGreaterThan(1);
	});
});
