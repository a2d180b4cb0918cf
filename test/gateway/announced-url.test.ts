import { describe, expect, it } from 'vitest';
import { announcedUrl } from '../../src/gateway/announced-url.ts';

const at = (url: string | null, peer = '10.0.0.7', allow: string[] = [], secure = false) =>
	announcedUrl({ url, port: 9000, secure }, peer, allow);

describe('the address of a worker that announces itself', () => {
	it('is where it announces itself from', () => {
		expect(at(null)).toBe('http://10.0.0.7:9000');
		expect(at(null, '::ffff:10.0.0.7', [], true)).toBe('https://10.0.0.7:9000');
		expect(at(null, 'fd00::1')).toBe('http://[fd00::1]:9000');
	});

	it('may be named, if it is that one or the configuration allows it', () => {
		expect(at('http://10.0.0.7:1')).toBe('http://10.0.0.7:1');
		expect(at('http://[fd00::1]:1/', 'fd00::1')).toBe('http://[fd00::1]:1');
		expect(at('https://gpu-1.llm.svc:1', '10.0.0.7', ['*.llm.svc'])).toBe('https://gpu-1.llm.svc:1');
		expect(at('http://GPU-1:1', '10.0.0.7', ['Gpu-1'])).toBe('http://gpu-1:1');
		expect(at('http://10.1.2.3:1', '10.0.0.7', ['10.1.0.0/16'])).toBe('http://10.1.2.3:1');
		expect(at('http://[fd00::2]:1', '10.0.0.7', ['fd00::/64'])).toBe('http://[fd00::2]:1');
	});

	it.each([
		['http://169.254.169.254:80'],
		['http://localhost:6379'],
		// Spellings of one address: the URL's parser knows them all.
		['http://2852039166'],
		['http://0x7f.1:80'],
		['http://evil.llm.svc.example:1'],
		['http://llm.svc:1'],
		['http://10.2.0.1:1'],
		['http://10.0.0.7@169.254.169.254:80'],
		['http://10.0.0.7:80/latest/meta-data'],
		['http://10.0.0.7:80/?a=b'],
		['file:///etc/passwd'],
		['unix:/run/w.sock'],
		['gpu'],
	])('is never %s', (url) => {
		const refused = expect.objectContaining({ status: 400, param: 'url' });
		expect(() => at(url, '10.0.0.7', ['*.llm.svc', '10.1.0.0/16'])).toThrow(refused);
	});
});
