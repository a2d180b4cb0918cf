import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { defaultConfig, loadConfig, parseConfig } from '../../src/config/load-config.ts';
import { RetortError } from '../../src/errors.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-config-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** The lines of the error that a text is refused with. */
function problemsOf(text: string): string[] {
	try {
		parseConfig(text, 'team.yaml');
	} catch (error) {
		expect(error).toBeInstanceOf(RetortError);
		expect(error).toMatchObject({ code: 'config_error' });
		return String((error as RetortError).message).split('\n'); // the assertion above is the proof
	}
	return [];
}

describe('loadConfig', () => {
	it('reads a file and fills in every default', () => {
		const path = join(folder, 'team.yaml');
		writeFileSync(path, 'server:\n  port: 9000\nmodels:\n  small:\n    source: ./small.gguf\n');
		const config = loadConfig(path);
		expect(config.server).toMatchObject({ port: 9000, host: '127.0.0.1' });
		expect(config.models.small).toMatchObject({ source: './small.gguf', workers: 1, slots: 4 });
		expect(config.sampling).toEqual(defaultConfig().sampling);
	});

	it('takes an empty file, and a file of comments, as the defaults', () => {
		expect(parseConfig('', 'team.yaml')).toEqual(defaultConfig());
		expect(parseConfig('# nothing yet\n', 'team.yaml')).toEqual(defaultConfig());
	});

	it('takes a section whose keys are all commented out as its defaults', () => {
		expect(parseConfig('server:\n  # port: 9000\nkeys:\nmodels:\n', 'team.yaml')).toEqual(defaultConfig());
	});

	it('keeps a null that the schema allows', () => {
		expect(parseConfig('reasoning:\n  maxTokens: null\n', 'team.yaml').reasoning.maxTokens).toBeNull();
	});

	it('leaves a key without limits to those of the top level, and fills in what a key with limits leaves out', () => {
		const key = (id: string, rest: string) => `  - {id: ${id}, sha256: ${id.repeat(64)}${rest}}\n`;
		const { keys } = parseConfig(
			`limits:\n  requestsPerMinute: 60\nkeys:\n${key('a', '')}${key('b', ', limits: {concurrentRequests: 2}')}`,
			'team.yaml',
		);
		expect(keys.map((each) => each.limits)).toEqual([
			undefined,
			{ requestsPerMinute: null, tokensPerMinute: null, concurrentRequests: 2 },
		]);
	});

	it('says which file is missing', () => {
		expect(() => loadConfig(join(folder, 'absent.yaml'))).toThrow(/absent\.yaml: cannot be read \(no such file\)/);
		expect(() => loadConfig(folder)).toThrow(/cannot be read \(it is a folder\)/);
	});
});

describe('problems in a configuration file', () => {
	it('are told with line, column and the nearest key', () => {
		expect(problemsOf('server:\n  prot: 8080\n')).toEqual([
			'team.yaml:2:3: there is no key prot in server; did you mean port?',
		]);
		expect(problemsOf('sever:\n  port: 8080\n')).toEqual([
			'team.yaml:1:1: there is no key sever at the top level; did you mean server?',
		]);
	});

	it('point to the section that a key belongs to', () => {
		expect(problemsOf('port: 8080\n')).toEqual([
			'team.yaml:1:1: there is no key port at the top level; did you mean server.port?',
		]);
		expect(problemsOf('server:\n  slots: 2\n')).toEqual([
			'team.yaml:2:3: there is no key slots in server; did you mean models.<name>.slots?',
		]);
	});

	it('list the keys of the section when nothing is near', () => {
		expect(problemsOf('cache:\n  wombat: 1\n')).toEqual([
			'team.yaml:2:3: there is no key wombat in cache; the keys there are scope, parkedBytes',
		]);
	});

	it('say what would be right', () => {
		expect(problemsOf('server:\n  port: 99999\n')).toEqual([
			'team.yaml:2:3: server.port has to be an integer from 0 to 65535; here it is 99999',
		]);
		expect(problemsOf('logging:\n  level: loud\n')).toEqual([
			'team.yaml:2:3: logging.level has to be one of trace, debug, info, warn, error, silent; here it is "loud"',
		]);
		expect(problemsOf('cache: 3\n')).toEqual([
			'team.yaml:1:1: cache has to be a section (key: value lines); here it is 3',
		]);
		expect(problemsOf('models:\n  a:\n    source: a.gguf\n    gpuLayers: some\n')).toEqual([
			'team.yaml:4:5: models.a.gpuLayers has to be an integer of at least 0, or one of auto, max; here it is "some"',
		]);
		expect(problemsOf('queue:\n  deadlineSeconds: 0\nlimits:\n  tokensPerMinute: 0\n')).toEqual([
			'team.yaml:2:3: queue.deadlineSeconds has to be a number above 0; here it is 0',
			'team.yaml:4:3: limits.tokensPerMinute has to be an integer of at least 1, or null; here it is 0',
		]);
	});

	it('ask for quotes around a text that YAML takes for a number', () => {
		expect(problemsOf('models:\n  7:\n    source: 7\n')).toEqual([
			'team.yaml:3:5: models.7.source has to be a text (quote it if it looks like a number); here it is 7',
		]);
	});

	it('are all told at once, in the order of the file', () => {
		const text = 'server:\n  prot: 1\nmodels:\n  a:\n    slots: 0\nkeys:\n  - id: "ä"\n    sha256: nope\n';
		expect(problemsOf(text)).toEqual([
			'team.yaml:2:3: there is no key prot in server; did you mean port?',
			'team.yaml:5:5: models.a.slots has to be an integer from 1 to 256; here it is 0',
			'team.yaml:7:5: keys[0].id has to be 1..64 letters, digits, _ . -; here it is "ä"',
			'team.yaml:8:5: keys[0].sha256 has to be a lower-case hex SHA-256 of the key; here it is "nope"',
		]);
	});

	it('include YAML that is none', () => {
		expect(problemsOf('server: {port: 1\n')[0]).toMatch(/^team\.yaml:\d+:\d+: /);
		expect(problemsOf('server:\n  port: 1\n  port: 2\n')[0]).toMatch(/^team\.yaml:3:3: .*unique/);
		expect(problemsOf('just text')[0]).toMatch(/^team\.yaml:1:1: the configuration has to be a section/);
	});

	it('include models that nobody serves, and hosts that are nowhere or in two places', () => {
		const host = (text: string) => problemsOf(`models:\n  a:\n    hosts:\n      - ${text}\n`);
		expect(problemsOf('models:\n  a:\n    slots: 2\n')).toEqual([
			'team.yaml:2:3: models.a needs a source, or hosts that serve it',
		]);
		expect(host('{url: "http://gpu:1"}')).toEqual([]);
		expect(host('{refreshSeconds: 5}')).toEqual(['team.yaml:4:9: a host has one of url, dns and srv']);
		expect(host('{url: "http://a:1", dns: "http://b:1"}')).toEqual([
			'team.yaml:4:9: a host has one of url, dns and srv',
		]);
		expect(host('{url: "http://a:1", kind: llama-server}\n    embeddings: true')).toEqual([
			'team.yaml:4:29: embeddings are made by `retort worker` alone',
		]);
		expect(host('{url: "http://a:1", kind: openai}')).toEqual([
			"team.yaml:4:9: a host of kind openai needs tokenizer: the model's folder",
		]);
		expect(host('{url: "http://a:1", servedName: b}')).toEqual([
			'team.yaml:4:29: servedName is for hosts of kind openai',
		]);
		expect(host('{url: "http://a:1", tokenFile: t, tokenEnv: T}')[0]).toMatch(/one of tokenFile and tokenEnv/);
		expect(host('{url: "http://a:1", tls: {caFile: ca}}')[0]).toMatch(/tls is for an https:\/\/ address/);
		expect(host('{url: "https://a:1", tls: {certFile: c}}')[0]).toMatch(/certFile and keyFile belong together/);
	});

	it('include names that clash or lead nowhere', () => {
		const sha256 = 'a'.repeat(64);
		const text = [
			'models:',
			'  small: {source: s.gguf, aliases: [fast]}',
			'  large: {source: l.gguf, aliases: [small]}',
			'keys:',
			`  - {id: alice, sha256: ${sha256}, models: [smal]}`,
			`  - {id: alice, sha256: ${sha256}}`,
		].join('\n');
		expect(problemsOf(text)).toEqual([
			'team.yaml:3:37: the alias small is a name of the model small already',
			expect.stringContaining('there is no model smal; did you mean small?'),
			expect.stringContaining('the key id alice is used twice'),
			expect.stringContaining('two entries hold the same key'),
		]);
	});

	it('include routes and fallbacks that lead nowhere', () => {
		const text = [
			'models:',
			'  small: {source: s.gguf, aliases: [fast]}',
			'  large: {source: l.gguf}',
			'routes:',
			'  fast: {small: 1}',
			'  r1: {small: 0.9, larg: 0.1}',
			'  none: {}',
			'fallbacks:',
			'  large: [small, large, tiny]',
			'  r1: [small]',
		].join('\n');
		expect(problemsOf(text)).toEqual([
			'team.yaml:5:3: the route fast is a name of a model already',
			'team.yaml:6:20: there is no model larg; did you mean large?',
			'team.yaml:7:3: the route none leads to no model',
			'team.yaml:9:18: large cannot stand in for itself',
			'team.yaml:9:25: there is no model tiny',
			'team.yaml:10:3: there is no model r1',
		]);
	});
});
