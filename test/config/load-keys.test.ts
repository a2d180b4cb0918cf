import { createHash } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { loadKeys } from '../../src/config/load-keys.ts';

const folder = mkdtempSync(join(tmpdir(), 'retort-keys-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function fileWith(text: string): string {
	const path = join(folder, 'keys');
	writeFileSync(path, text);
	return path;
}

describe('loadKeys', () => {
	it('keeps the hash and the id, never the key', () => {
		const keys = loadKeys(fileWith('# the team\nalice: sk-alice-0123456789\n\nsk-nameless-0123456789\r\n'));
		expect(keys).toEqual([
			{ id: 'alice', sha256: createHash('sha256').update('sk-alice-0123456789').digest('hex'), admin: false },
			{ id: 'key-4', sha256: createHash('sha256').update('sk-nameless-0123456789').digest('hex'), admin: false },
		]);
		expect(JSON.stringify(keys)).not.toContain('0123456789');
	});

	it('reads which keys may operate the server', () => {
		const keys = loadKeys(
			fileWith('ops:sk-ops-0123456789 admin\nsk-nameless-0123456789  admin\nbob:sk-bob-0123456789admin\n'),
		);
		expect(keys.map(({ id, admin }) => [id, admin])).toEqual([
			['ops', true],
			['key-2', true],
			['bob', false],
		]);
		expect(keys[0]?.sha256).toBe(createHash('sha256').update('sk-ops-0123456789').digest('hex'));
	});

	it('tells every bad line, and quotes no key', () => {
		const path = fileWith(
			'bad id:sk-alice-0123456789\nbob:short\nbob:sk-bob-0123456789\nbob:sk-bob-9876543210\neve:sk-bob-0123456789\n',
		);
		let message = '';
		try {
			loadKeys(path);
		} catch (error) {
			message = String(error);
		}
		expect(message).toContain(`${path}:1: a key id is`);
		expect(message).toContain(`${path}:2: a key is 16..512`);
		expect(message).toContain(`${path}:4: the key id bob is used twice`);
		expect(message).toContain(`${path}:5: this key is there twice`);
		expect(message).not.toContain('sk-');
		expect(message).not.toContain('short');
	});

	it('refuses an empty and a missing file', () => {
		expect(() => loadKeys(fileWith('# none\n'))).toThrow(/holds no key/);
		expect(() => loadKeys(join(folder, 'absent'))).toThrow(/cannot be read/);
	});
});
