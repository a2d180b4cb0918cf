import { stringify } from 'yaml';
import { configJsonSchema, type SchemaNode } from './config-json-schema.ts';

/** Entries that the defaults leave empty, shown as comments so that nobody has to look their keys up. */
const EXAMPLE_OF: Record<string, string> = {
	models: 'deepseek-r1-7b',
	keys: '',
};

/** config/default.yaml: every key with its description, its default, and what it may be. */
export function defaultYaml(): string {
	const head = [
		'# yaml-language-server: $schema=./schema.json',
		'# Every key of retort with its default. Copy what you change: an absent key means its default.',
		'# Written by `npm run generate` from src/config/schema.ts; run with: npm start -- --config FILE',
	];
	return `${[...head, ...writeProperties(configJsonSchema(), '')].join('\n')}\n`;
}

function writeProperties(node: SchemaNode, indent: string): string[] {
	return Object.entries(node.properties ?? {}).flatMap(([key, child]) => writeProperty(key, child, indent));
}

function writeProperty(key: string, node: SchemaNode, indent: string): string[] {
	const comment = node.description ? [`${indent}# ${node.description}`] : [];
	const spacer = indent === '' ? [''] : [];
	if (node.properties) return [...spacer, ...comment, `${indent}${key}:`, ...writeProperties(node, `${indent}  `)];
	const value = node.default === undefined ? '' : ` ${writeValue(node.default)}`;
	const example = EXAMPLE_OF[key];
	const entry = typeof node.additionalProperties === 'object' ? node.additionalProperties : node.items;
	if (example === undefined || !entry?.properties || indent !== '')
		return [...spacer, ...comment, `${indent}${key}:${value}${describeChoice(node)}`];
	return [...spacer, ...comment, `${key}:${value}`, ...writeExample(example, entry)];
}

function writeValue(value: unknown): string {
	// On one line, whatever it holds.
	return typeof value === 'string' && value.includes('\n') ? JSON.stringify(value) : stringify(value).trim();
}

function describeChoice(node: SchemaNode): string {
	return node.enum && node.default !== undefined ? ` # ${node.enum.join(' | ')}` : '';
}

/** The keys of one entry of a map or list, commented out. */
function writeExample(name: string, entry: SchemaNode): string[] {
	const isList = name === '';
	const lines = writeProperties(entry, '    ');
	if (!isList) return [`#  ${name}:`, ...lines.map((line) => `#${line}`)];
	const first = lines.findIndex((line) => !line.trimStart().startsWith('#'));
	return lines.map((line, index) => (index === first ? `#  - ${line.trimStart()}` : `#${line}`));
}
