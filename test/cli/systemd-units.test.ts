import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { serveCommand } from '../../src/cli/serve-flags.ts';
import { workerCommand } from '../../src/cli/worker-flags.ts';
import { defaultConfig } from '../../src/config/load-config.ts';

const read = (name: string) => readFileSync(new URL(`../../config/systemd/${name}.service`, import.meta.url), 'utf8');
const [gateway, worker] = [read('retort'), read('retort-worker')];

/** The values of a setting, in order; what stands behind a `#` says nothing. */
const valuesOf = (unit: string, key: string) =>
	unit.split('\n').flatMap((line) => (line.startsWith(`${key}=`) ? [line.slice(key.length + 1)] : []));

/** What systemd would start, behind the program's path. */
const argumentsOf = (unit: string) => (valuesOf(unit, 'ExecStart')[0] ?? '').split(/.*\/dist\/main\.js\s/)[1] ?? '';

test('the units start what the command line knows, with secrets from credentials alone', async () => {
	let serveFlags = {};
	await serveCommand(async (flags) => {
		serveFlags = flags;
	}).parseAsync(argumentsOf(gateway).split(' '), { from: 'user' });
	expect(serveFlags).toEqual({ config: '/etc/retort/retort.yaml', apiKeyFile: `\${CREDENTIALS_DIRECTORY}/keys` });
	let workerFlags = {};
	const [verb, ...rest] = argumentsOf(worker).split(' ');
	await workerCommand(async (flags) => {
		workerFlags = flags;
	}).parseAsync(rest, { from: 'user' });
	expect(verb).toBe('worker');
	expect(workerFlags).toMatchObject({ listen: 'tcp://0.0.0.0:9000', tokenFile: `\${CREDENTIALS_DIRECTORY}/token` });
	for (const unit of [gateway, worker]) {
		const given = valuesOf(unit, 'LoadCredential').map((credential) => credential.split(':')[0]);
		const used = [...unit.matchAll(/^ExecStart=.*\$\{CREDENTIALS_DIRECTORY\}\/(\S+)/gm)].map(([, name]) => name);
		expect(given).toEqual(used);
	}
});

test('a stop waits for the drain, and signals the gateway alone, which ends its workers last', () => {
	const { server, workers } = defaultConfig();
	expect(Number(valuesOf(gateway, 'TimeoutStopSec'))).toBeGreaterThan(server.drainSeconds + 5);
	expect(Number(valuesOf(worker, 'TimeoutStopSec'))).toBeGreaterThan(workers.drainSeconds);
	expect(valuesOf(gateway, 'KillMode')).toEqual(['mixed']);
	expect(valuesOf(gateway, 'OOMPolicy')).toEqual(['continue']);
	for (const unit of [gateway, worker]) expect(valuesOf(unit, 'Restart')).toEqual(['always']);
});

test('both are hardened alike', () => {
	const hardening = (unit: string) =>
		unit
			.slice(unit.indexOf('DynamicUser='))
			.split('\n')
			.filter((line) => !line.startsWith('#'));
	expect(hardening(worker)).toEqual(hardening(gateway));
	expect(hardening(gateway).length).toBeGreaterThan(20);
});
