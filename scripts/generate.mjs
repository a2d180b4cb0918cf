// Writes config/default.yaml and config/schema.json from src/config/schema.ts, and config/openapi.json from the schemas
// and operations of src/protocol (npm run generate builds first).
import { readFileSync, writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../dist/config/config-json-schema.js';
import { defaultYaml } from '../dist/config/default-yaml.js';
import { openApiDocument } from '../dist/protocol/openapi/openapi-document.js';

const folder = new URL('../config/', import.meta.url);
writeFileSync(fileURLToPath(new URL('default.yaml', folder)), defaultYaml());
writeFileSync(fileURLToPath(new URL('schema.json', folder)), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);

const { version } = JSON.parse(readFileSync(fileURLToPath(new URL('../package.json', import.meta.url)), 'utf8'));
writeFileSync(fileURLToPath(new URL('openapi.json', folder)), `${JSON.stringify(openApiDocument(version), null, 2)}\n`);
