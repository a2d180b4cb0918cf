import { expect, it } from 'vitest';
import { formatPool } from '../../src/cli/format-pool.ts';

it('lays the workers out in columns, with a dash for what is not known', () => {
	const worker = {
		id: 'r1/0',
		model: 'r1',
		state: 'ready',
		drained: true,
		slots: 4,
		busy_slots: 1,
		tokens_per_second: 31.4,
		prompt_tokens_per_second: 900,
		cached_share: 0.4211,
		completion_tokens: 10,
		restarts: 2,
		launches: 3,
		pid: 77,
		resident_bytes: 300 * 2 ** 20,
		version: '0.1.0',
		engine: 'llama.cpp v0.5.0 (cpu)',
		trouble: null,
	};
	const fresh = {
		...worker,
		id: 'http://10.0.0.7:9000',
		state: 'loading',
		trouble: 'another chat template than the pool has',
		drained: false,
		busy_slots: 0,
		slots: 0,
		tokens_per_second: null,
		cached_share: null,
		restarts: 0,
		pid: null,
		resident_bytes: 0,
		version: null,
		engine: null,
	};
	const report = { version: '0.1.0', queue_length: 1, models: [], workers: [worker, fresh] };
	expect(formatPool(report)).toBe(`retort 0.1.0, 1 request waits
WORKER                MODEL  STATE            SLOTS  TOKENS/S  CACHE  MEMORY   RESTARTS  PID  VERSION
r1/0                  r1     ready (drained)  1/4    31.4      42%    300 MiB  2         77   0.1.0, llama.cpp v0.5.0 (cpu)
http://10.0.0.7:9000  r1     loading          0/0    -         -      -        0         -    -
http://10.0.0.7:9000: another chat template than the pool has
`);
});
