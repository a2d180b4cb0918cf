import { describe, expect, it } from 'vitest';
import { checkExposure } from '../../src/cli/check-exposure.ts';
import { defaultConfig } from '../../src/config/load-config.ts';

const listeningOn = (host: string, insecure = false, keys = 0) => ({
	...defaultConfig(),
	server: { ...defaultConfig().server, host, insecure },
	keys: Array.from({ length: keys }, (_, index) => ({ id: `k${index}`, sha256: 'a'.repeat(64), admin: false })),
});

describe('checkExposure', () => {
	it.each(['127.0.0.1', '127.8.8.8', 'localhost', '::1'])('lets %s listen without keys', (host) => {
		expect(() => checkExposure(listeningOn(host))).not.toThrow();
	});

	it.each(['0.0.0.0', '::', '10.0.0.1', 'example.com', ''])('refuses %j without keys', (host) => {
		expect(() => checkExposure(listeningOn(host))).toThrow(/without API keys/);
		expect(() => checkExposure(listeningOn(host, true))).not.toThrow();
		expect(() => checkExposure(listeningOn(host, false, 1))).not.toThrow();
	});
});
