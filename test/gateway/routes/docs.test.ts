import { readFileSync } from 'node:fs';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { expect, test } from 'vitest';
import { openApiDocument } from '../../../src/protocol/openapi/openapi-document.ts';
import { pathsOf } from '../support/paths-of.ts';
import { bearer, KEY, startGateway, TWO_KEYS } from '../support/start-gateway.ts';

const root = new URL('../../../', import.meta.url);
const { version } = JSON.parse(readFileSync(new URL('package.json', root), 'utf8'));
const document = openApiDocument(version);

test('config/openapi.json is in step with the schemas (npm run generate writes it)', () => {
	const committed = JSON.parse(readFileSync(new URL('config/openapi.json', root), 'utf8'));
	expect(committed).toEqual(JSON.parse(JSON.stringify(document)));
});

test('every method of every route is documented, and nothing else', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const served = new Set<string>();
	for (const url of pathsOf(app.printRoutes({ commonPrefix: false }))) {
		if (!app.hasRoute({ method: 'OPTIONS', url })) continue;
		// Every URL answers a wrong method with the right ones.
		const { headers } = await app.inject({ method: 'OPTIONS', url: url.replace(':', ''), headers: bearer(KEY) });
		for (const method of String(headers.allow).split(', ')) {
			const path = url.replace(/\*|:id/, '{id}');
			const isWithoutVersion = document.paths[`/v1${path}`] !== undefined;
			const isPartOfPage = path.startsWith('/docs/');
			if (method !== 'HEAD' && !isWithoutVersion && !isPartOfPage) served.add(`${method} ${path}`);
		}
	}
	const documented = Object.entries(document.paths).flatMap(([path, methods]) =>
		Object.keys(methods).map((method) => `${method.toUpperCase()} ${path}`),
	);
	expect([...served].sort()).toEqual(documented.sort());
});

test('its references lead somewhere, and its examples are what its schemas ask for', () => {
	const text = JSON.stringify(document);
	const references = [...text.matchAll(/"\$ref":"#\/components\/(\w+)\/([\w-]+)"/g)];
	expect(references.length).toBeGreaterThan(100);
	for (const [reference, kind = '', name = ''] of references) {
		expect([reference, name in Object(document.components[kind])]).toEqual([reference, true]);
	}
	expect(text).not.toContain('undefined');

	const ajv = new Ajv2020({ strict: false, allErrors: true });
	ajv.addSchema({ $id: 'document', ...document });
	for (const [path, methods] of Object.entries(document.paths)) {
		const body = (methods.post as { requestBody?: BodyWithExamples } | undefined)?.requestBody?.content; // as it is built
		if (body === undefined) continue;
		const { schema, examples } = body['application/json'];
		const validate = ajv.compile({ $ref: `document${schema.$ref}` });
		expect([path, Object.keys(examples).length > 0]).toEqual([path, true]);
		for (const [name, { value }] of Object.entries(examples)) {
			validate(value);
			expect([path, name, validate.errors ?? []]).toEqual([path, name, []]);
		}
	}
});

type BodyWithExamples = {
	content: { 'application/json': { schema: { $ref: string }; examples: Record<string, { value: unknown }> } };
};

test('every field of a request for an answer is described', () => {
	for (const name of ['ChatRequest', 'ResponseRequest', 'CompletionRequest']) {
		const { properties = {} } = document.components.schemas[name] as { properties?: Record<string, object> };
		const silent = Object.entries(properties).filter(([, schema]) => !('description' in schema));
		expect([name, silent.map(([key]) => key)]).toEqual([name, []]);
	}
});

test('document and page are had without a key, and the page has all that it loads', async () => {
	const { app } = await startGateway({ config: TWO_KEYS });
	const json = await app.inject('/openapi.json');
	expect([json.statusCode, json.headers['content-type']]).toEqual([200, 'application/json; charset=utf-8']);
	expect(json.json().openapi).toBe('3.1.0');

	const page = await app.inject('/docs');
	expect(page.headers['content-security-policy']).toContain("default-src 'none'");
	const loads = [...page.body.matchAll(/(?:src|href)="([^"]+)"/g)].map((match) => match[1] ?? '');
	expect(loads.filter((url) => !url.startsWith('data:')).length).toBe(3);
	for (const url of loads) {
		if (url.startsWith('data:')) continue;
		expect(url.startsWith('/docs/')).toBe(true);
		const file = await app.inject(url);
		expect([url, file.statusCode, file.body.length > 100]).toEqual([url, 200, true]);
		expect(file.headers['content-type']).toContain(url.endsWith('.css') ? 'text/css' : 'text/javascript');
	}
	expect((await app.inject('/docs/package.json')).statusCode).toBe(401);
});
