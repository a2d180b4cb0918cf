import { describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../src/pool/endpoint.ts';

describe('parseEndpoint', () => {
	it('reads unix sockets and URLs', () => {
		expect(parseEndpoint('unix:/run/w.sock')).toEqual({ origin: 'http://worker', socketPath: '/run/w.sock' });
		expect(parseEndpoint('http://10.0.0.5:9000')).toEqual({ origin: 'http://10.0.0.5:9000', socketPath: null });
		expect(parseEndpoint('https://gpu.example/')).toEqual({ origin: 'https://gpu.example', socketPath: null });
	});

	it.each([
		'',
		'unix:w.sock',
		'ftp://a',
		'http://user@a',
		'http://a/path',
		'http://a/?x=1',
		'file:///etc/passwd',
		'gpu1',
	])('refuses %j', (text) => {
		expect(() => parseEndpoint(text)).toThrow(expect.objectContaining({ code: 'config_error' }));
	});
});
