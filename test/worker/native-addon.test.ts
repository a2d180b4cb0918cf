import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { binaryMetadata, bundledRelease, hasNativeBinary, nativeBinaryFolder } from '../../src/worker/native-addon.ts';

const root = mkdtempSync(join(tmpdir(), 'retort-native-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

describe('a native binary', () => {
	it('counts once its build has ended, for what it was built for', () => {
		expect(hasNativeBinary('cpu', root)).toBe(false);
		mkdirSync(nativeBinaryFolder('cpu', root), { recursive: true });
		expect(hasNativeBinary('cpu', root)).toBe(false);
		writeFileSync(join(nativeBinaryFolder('cpu', root), 'buildDone.status'), '');
		expect(hasNativeBinary('cpu', root)).toBe(true);
		expect(hasNativeBinary('cuda', root)).toBe(false);
	});

	it('says which system it was built on, so that it is not tried out at each start', () => {
		const metadata = binaryMetadata('cpu', { repo: 'a/b', tag: 'v1' }, 'PRETTY_NAME="X 1"\nNAME="X"\nVERSION_ID=12\n');
		expect(metadata).toMatchObject({
			buildOptions: {
				platformInfo: { name: 'X', version: '12' },
				gpu: false,
				llamaCpp: { repo: 'a/b', release: 'v1' },
			},
		});
	});

	it('is of the release that node-llama-cpp carries', () => {
		expect(bundledRelease().tag).toMatch(/^v?\w/);
		writeFileSync(join(root, 'llama.cpp.info.json'), '{}');
		expect(() => bundledRelease(root)).toThrow(/does not name the release/);
	});
});
