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

	it('tells after how many tokens another worker went on', () => {
		const forwarded = new ForwardedEvents();
		for (const event of [start, tokenEvent(0), tokenEvent(1)]) forwarded.accept(event);
		expect(forwarded.accept(start)).toEqual({ ...start, resumedTokens: 2 });
	});

	it('continues with the request itself before output, and with every id that the client has after it', () => {
		const request = { ...generateRequest('r'), resume: [7] };
		const forwarded = new ForwardedEvents();
		for (const event of [start, progress(50)]) forwarded.accept(event);
		expect(forwarded.hasOutput).toBe(false);
		expect(forwarded.continuation(request)).toBe(request);
		const phaseEnd: WorkerEvent = {
			type: 'phase-end',
			phase: 'reasoning',
			reason: 'closed',
			tokens: 1,
			ms: 1,
			emptyRetries: 0,
			ids: [90, 91],
		};
		for (const event of [tokenEvent(0), phaseEnd, tokenEvent(1)]) forwarded.accept(event);
		expect(forwarded.hasOutput).toBe(true);
		expect(forwarded.continuation(request)).toEqual({ ...request, resume: [7, 0, 90, 91, 1] });
	});
});
