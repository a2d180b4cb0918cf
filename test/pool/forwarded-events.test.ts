import { describe, expect, it } from 'vitest';
import { ForwardedEvents } from '../../src/pool/forwarded-events.ts';
import type { WorkerEvent } from '../../src/protocol/worker-api.ts';
import { tokenEvent, tokenEvents } from '../support/fake-worker.ts';
import { generateRequest } from '../support/generate-request.ts';

const progress = (evaluatedTokens: number): WorkerEvent => ({
	type: 'prefill-progress',
	evaluatedTokens,
	totalTokens: 100,
});
const start: WorkerEvent = { type: 'generation-start', promptTokens: 100, cachedTokens: 0 };

describe('ForwardedEvents', () => {
	it('lets one run through unchanged', () => {
		const forwarded = new ForwardedEvents();
		expect(tokenEvents(3).filter((event) => !forwarded.accept(event))).toEqual([]);
	});

	it('hides that a second run starts over', () => {
		const forwarded = new ForwardedEvents();
		for (const event of [start, progress(0), progress(50)]) forwarded.accept(event);
		const again = [start, progress(0), progress(50), progress(80), tokenEvent(0)];
		expect(again.filter((event) => forwarded.accept(event))).toEqual([progress(80), tokenEvent(0)]);
	});

	it('has a continuation until there is output', () => {
		const request = generateRequest('r');
		const forwarded = new ForwardedEvents();
		for (const event of [start, progress(50)]) forwarded.accept(event);
		expect(forwarded.continuation(request)).toBe(request);
		forwarded.accept(tokenEvent(0));
		expect(forwarded.continuation(request)).toBe(null);
	});
});
