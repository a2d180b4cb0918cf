import { readFile } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { FastifyInstance } from 'fastify';
import { openApiDocument } from '../../protocol/openapi/openapi-document.ts';
import { addRoute } from '../add-route.ts';

/**
 * Swagger UI's own two files, out of the package that carries them: its plugin would add a dozen routes that know
 * neither our keys nor our 405s. swagger-ui-dist itself reports each installation to its makers.
 */
const { resolve } = createRequire(import.meta.url);
const FILES: Record<string, { contentType: string; read(): string | Promise<Buffer> }> = {
	'swagger-ui.css': {
		contentType: 'text/css; charset=utf-8',
		read: () => readFile(resolve('@fastify/swagger-ui/static/swagger-ui.css')),
	},
	'swagger-ui-bundle.js': {
		contentType: 'text/javascript; charset=utf-8',
		read: () => readFile(resolve('@fastify/swagger-ui/static/swagger-ui-bundle.js')),
	},
	'start.js': {
		contentType: 'text/javascript; charset=utf-8',
		read: () =>
			"SwaggerUIBundle({ url: '/openapi.json', dom_id: '#docs', deepLinking: true, validatorUrl: null, defaultModelsExpandDepth: 0 });\n",
	},
};

const PAGE = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width">
<title>retort API</title>
<link rel="icon" href="data:,">
<link rel="stylesheet" href="/docs/swagger-ui.css">
</head>
<body>
<div id="docs"></div>
<script src="/docs/swagger-ui-bundle.js"></script>
<script src="/docs/start.js"></script>
</body>
</html>
`;

/** Nothing from elsewhere. Swagger UI sets styles on elements and has its icons in data URLs. */
const CONTENT_SECURITY_POLICY =
	"default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; img-src data:; connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

/** GET /openapi.json, and the same for people. Public: what they tell stands in the repository too. */
export function addDocsRoutes(app: FastifyInstance, version: string): void {
	const document = JSON.stringify(openApiDocument(version));

	addRoute(app, {
		method: 'GET',
		url: '/openapi.json',
		isPublic: true,
		handler: async (_request, reply) => {
			reply.header('content-type', 'application/json; charset=utf-8');
			return document;
		},
	});

	addRoute(app, {
		method: 'GET',
		url: '/docs',
		isPublic: true,
		handler: async (_request, reply) => {
			reply.headers({
				'content-type': 'text/html; charset=utf-8',
				'content-security-policy': CONTENT_SECURITY_POLICY,
				'x-content-type-options': 'nosniff',
			});
			return PAGE;
		},
	});

	for (const [name, { contentType, read }] of Object.entries(FILES)) {
		addRoute(app, {
			method: 'GET',
			url: `/docs/${name}`,
			isPublic: true,
			handler: async (_request, reply) => {
				reply.headers({
					'content-type': contentType,
					'cache-control': 'public, max-age=3600',
					'x-content-type-options': 'nosniff',
				});
				return read();
			},
		});
	}
}
