import { describe, expect, it } from 'vitest';
import { parseEndpoint } from '../../src/pool/endpoint.ts';

describe('parseEndpoint', () => {
	it('reads unix sockets and URLs', () => {
		const bare = { socketPath: null, token: null, tls: null };
		expect(parseEndpoint('unix:/run/w.sock')).toEqual({ ...bare, origin: 'http://worker', socketPath: '/run/w.sock' });
		expect(parseEndpoint('http://10.0.0.5:9000')).toEqual({ ...bare, origin: 'http://10.0.0.5:9000' });
		expect(parseEndpoint('https://gpu.example/')).toEqual({ ...bare, origin: 'https://gpu.example' });
		expect(parseEndpoint('http://gpu', { token: 'abc' })).toEqual({ ...bare, origin: 'http://gpu', token: 'abc' });
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
