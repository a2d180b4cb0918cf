import type { WorkerEvent } from '../protocol/worker-api.ts';

/**
 * Passes a worker's events on and can tell afterwards which stop string ended the answer: a generation that was left
 * before its end was left at one. The one that ends first in the text, of several the longest.
 */
export function watchStop(stops: readonly string[]) {
	let answer = '';
	let hasEnded = false;
	return {
		async *watch(events: AsyncIterable<WorkerEvent>): AsyncGenerator<WorkerEvent, void, undefined> {
			for await (const event of events) {
				if (event.type === 'generation-end') hasEnded = true;
				if (stops.length > 0 && event.type === 'delta' && event.phase === 'answer' && !event.special)
					answer += event.text;
				yield event;
			}
		},
		found(): string | null {
			if (hasEnded) return null;
			const ends = stops.flatMap((stop) => {
				const at = answer.indexOf(stop);
				return at < 0 ? [] : [{ stop, end: at + stop.length }];
			});
			ends.sort((one, other) => one.end - other.end || other.stop.length - one.stop.length);
			return ends[0]?.stop ?? null;
		},
	};
}
