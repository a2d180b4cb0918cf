import { describe, expect, it } from 'vitest';
import { nearestName } from '../../src/config/nearest-name.ts';

describe('nearestName', () => {
	it('finds what a slip of the finger meant', () => {
		expect(nearestName('prot', ['host', 'port', 'insecure'])).toBe('port');
		expect(nearestName('contextTokns', ['contextTokens', 'batchTokens'])).toBe('contextTokens');
		expect(nearestName('TOPP', ['topP', 'topK'])).toBe('topP');
	});

	it('stays silent when nothing is near', () => {
		expect(nearestName('wombat', ['host', 'port'])).toBeNull();
		expect(nearestName('x', [])).toBeNull();
	});
});
