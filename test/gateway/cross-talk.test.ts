import { expect, test } from 'vitest';
import { isIdle } from '../support/pool.ts';
import { until } from '../support/until.ts';
import { delta, eventsOf, START } from './support/scripts.ts';
import { bearer, CHAT, KEY, OTHER_KEY, startGateway, TWO_KEYS } from './support/start-gateway.ts';

const REQUESTS = 500;
const markerOf = (index: number) => `marker-${index}-of-${REQUESTS}.`;
const MARKERS = /marker-\d+-of-\d+\./g;

test('500 marked prompts of two keys, interleaved, every third one left in the middle: no foreign marker', async () => {
	const gateway = await startGateway({
		config: TWO_KEYS,
		slots: 16,
		// Says again what it was asked, with a turn of the loop between words so that the streams mix on the wire.
		script: async (turn) => {
			const prompt = turn.request.prompt.map((part) => ('text' in part ? part.text : '')).join('');
			const [marker = 'none'] = prompt.match(MARKERS) ?? [];
			if (Number(marker.split('-')[1]) % 3 === 0) {
				await turn.send(START, delta('answer', `${marker} `));
				await turn.closed;
				return;
			}
			for (const event of eventsOf(marker, `${marker} ${marker}`)) {
				await turn.send(event);
				await new Promise(setImmediate);
			}
			turn.end();
		},
	});
	const base = await gateway.listen();
	const seen = await Promise.all(
		Array.from({ length: REQUESTS }, async (_, index) => {
			const leaving = new AbortController();
			const response = await fetch(`${base}/v1/chat/completions`, {
				method: 'POST',
				headers: { ...bearer(index % 2 === 0 ? KEY : OTHER_KEY), 'content-type': 'application/json' },
				body: JSON.stringify({
					...CHAT,
					stream: index % 3 === 0 || index % 2 === 0,
					messages: [{ role: 'user', content: markerOf(index) }],
				}),
				signal: leaving.signal,
			});
			let text = '';
			try {
				for await (const piece of response.body?.pipeThrough(new TextDecoderStream()) ?? []) {
					text += piece;
					if (index % 3 === 0 && text.includes(markerOf(index))) leaving.abort();
				}
			} catch (error) {
				if (!leaving.signal.aborted) throw error;
			}
			return { index, status: response.status, markers: text.match(MARKERS) ?? [] };
		}),
	);
	for (const { index, status, markers } of seen) {
		expect([index, status, new Set(markers)]).toEqual([index, 200, new Set([markerOf(index)])]);
		if (index % 3 !== 0) expect(markers).toHaveLength(3);
	}
	await until(() => isIdle(gateway.pool.status()) && gateway.worker.running() === 0);
});
