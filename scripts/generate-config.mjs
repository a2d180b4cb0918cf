// Writes config/default.yaml and config/schema.json from src/config/schema.ts (npm run generate builds first).
import { writeFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { configJsonSchema } from '../dist/config/config-json-schema.js';
import { defaultYaml } from '../dist/config/default-yaml.js';

const folder = new URL('../config/', import.meta.url);
writeFileSync(fileURLToPath(new URL('default.yaml', folder)), defaultYaml());
writeFileSync(fileURLToPath(new URL('schema.json', folder)), `${JSON.stringify(configJsonSchema(), null, 2)}\n`);
