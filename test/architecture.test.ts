import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, sep } from 'node:path';
import { describe, expect, it } from 'vitest';

type Room = {
	rooms: string[];
	/** Of config, the types alone. */
	typesOf?: string[];
	packages: (string | RegExp)[];
	/** Built-in modules; null for all. */
	builtins: string[] | null;
};

/** Who may know whom. `chat` and `pool` never see each other, nor do `gateway` and `worker`. */
const ROOMS: Record<string, Room> = {
	errors: { rooms: [], packages: [], builtins: [] },
	protocol: { rooms: ['errors'], packages: ['zod'], builtins: [] },
	config: { rooms: ['errors'], packages: ['zod', 'yaml'], builtins: ['node:fs', 'node:crypto'] },
	// Pure: no I/O, no clock, no logger. node:vm holds a template to its deadline.
	chat: { rooms: ['protocol', 'errors'], packages: ['@huggingface/jinja'], builtins: ['node:vm'] },
	// Pure but for the clock: what phases make of drawn tokens, whoever draws them.
	tokens: { rooms: ['protocol', 'errors'], packages: [], builtins: [] },
	pool: { rooms: ['tokens', 'protocol', 'errors'], typesOf: ['config'], packages: ['undici', 'zod'], builtins: null },
	gateway: {
		rooms: ['chat', 'pool', 'protocol', 'config', 'errors'],
		packages: ['fastify', /^@fastify\//, 'pino', 'prom-client', 'iovalkey'],
		builtins: null,
	},
	worker: {
		rooms: ['tokens', 'protocol', 'errors'],
		typesOf: ['config'],
		packages: ['node-llama-cpp', 'zod'],
		builtins: null,
	},
	cli: {
		rooms: ['errors', 'protocol', 'config', 'chat', 'tokens', 'pool', 'gateway', 'worker'],
		packages: ['commander', 'pino', 'zod'],
		builtins: null,
	},
	main: { rooms: ['cli'], packages: [], builtins: null },
};

const source = new URL('../src/', import.meta.url).pathname;
const files = readdirSync(source, { recursive: true, encoding: 'utf8' })
	.filter((path) => path.endsWith('.ts'))
	.map((path) => ({ path, text: withoutComments(readFileSync(join(source, path), 'utf8')) }));

function withoutComments(text: string): string {
	return text.replace(/\/\*[\s\S]*?\*\//g, '').replace(/^\s*\/\/.*$/gm, '');
}

function roomOf(path: string): string {
	return (path.includes(sep) ? path.split(sep)[0] : path.replace(/\.ts$/, '')) ?? '';
}

type Import = { file: string; specifier: string; isTypeOnly: boolean; isLazy: boolean };

function importsOf({ path, text }: { path: string; text: string }): Import[] {
	const statements = text.matchAll(/^(?:import|export)\s+(type\s+)?(?:[^;'"]*?\sfrom\s+)?'([^']+)'/gm);
	const lazy = text.matchAll(/\bimport\(\s*'([^']+)'\s*\)/g);
	return [
		...[...statements].map((match) => ({
			file: path,
			specifier: match[2] ?? '',
			isTypeOnly: match[1] !== undefined,
			isLazy: false,
		})),
		...[...lazy].map((match) => ({ file: path, specifier: match[1] ?? '', isTypeOnly: false, isLazy: true })),
	];
}

const imports = files.flatMap(importsOf);
const tell = ({ file, specifier }: Import) => `${file} imports ${specifier}`;

describe('the rooms of src', () => {
	it('are those of the plan', () => {
		expect([...new Set(files.map(({ path }) => roomOf(path)))].filter((room) => !(room in ROOMS))).toEqual([]);
	});

	it('know only the rooms that they may know', () => {
		const forbidden = imports.filter(({ file, specifier, isTypeOnly }) => {
			if (!specifier.startsWith('.')) return false;
			const from = roomOf(file);
			const to = roomOf(normalize(join(dirname(file), specifier)));
			const { rooms = [], typesOf = [] } = ROOMS[from] ?? {};
			return from !== to && !rooms.includes(to) && !(isTypeOnly && typesOf.includes(to));
		});
		expect(forbidden.map(tell)).toEqual([]);
	});

	it('use only the packages that they may use', () => {
		const forbidden = imports.filter(({ file, specifier }) => {
			if (specifier.startsWith('.') || specifier.startsWith('node:')) return false;
			const { packages = [] } = ROOMS[roomOf(file)] ?? {};
			return !packages.some((allowed) =>
				typeof allowed === 'string' ? allowed === specifier : allowed.test(specifier),
			);
		});
		expect(forbidden.map(tell)).toEqual([]);
	});

	it('use only the built-in modules that they may use', () => {
		const forbidden = imports.filter(({ file, specifier }) => {
			if (!specifier.startsWith('node:')) return false;
			const { builtins = null } = ROOMS[roomOf(file)] ?? {};
			return builtins !== null && !builtins.includes(specifier);
		});
		expect(forbidden.map(tell)).toEqual([]);
	});

	it('load node-llama-cpp only when a model is needed', () => {
		const eager = imports.filter(
			({ specifier, isTypeOnly, isLazy }) => specifier.startsWith('node-llama-cpp') && !isTypeOnly && !isLazy,
		);
		expect(eager.map(tell)).toEqual([]);
	});
});

describe('the style of src', () => {
	const filesWith = (pattern: RegExp) => files.filter(({ text }) => pattern.test(text)).map(({ path }) => path);

	it('ends the process in main.ts alone', () => {
		expect(filesWith(/\bprocess\.(exit\(|exitCode\b|abort\()/)).toEqual(['main.ts']);
	});

	it('has no default exports', () => {
		expect(filesWith(/^export default\b/m)).toEqual([]);
	});

	it('has no barrel files', () => {
		expect(filesWith(/^export\s+(\*|\{[^}]*\})\s+from\b/m)).toEqual([]);
		expect(files.map(({ path }) => path).filter((path) => /(^|\/)index\.ts$/.test(path))).toEqual([]);
	});

	it('names files in kebab-case and keeps them readable', () => {
		const long = files.filter(({ path }) => readFileSync(join(source, path), 'utf8').split('\n').length > 300);
		expect(long.map(({ path }) => path)).toEqual([]);
		expect(files.map(({ path }) => path).filter((path) => !/^[a-z0-9-]+(\/[a-z0-9-]+)*\.ts$/.test(path))).toEqual([]);
	});

	it('reads no clock in chat, and nothing at random', () => {
		const impure = files.filter(
			({ path, text }) =>
				roomOf(path) === 'chat' && /\b(Date\.now|new Date\(\)|performance\.now|Math\.random|setTimeout)\b/.test(text),
		);
		expect(impure.map(({ path }) => path)).toEqual([]);
	});
});
