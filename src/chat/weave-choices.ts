import type { ChatEvent } from './chat-event.ts';

export type ChoiceEvent = { index: number; event: ChatEvent };

type Arrival = { index: number; result: IteratorResult<ChatEvent, void> } | { index: number; error: unknown };

/**
 * The events of all choices as they come. The first choice evaluates the prompt: the others begin with its first token,
 * when they find the prompt in the cache. Of each one event is under way at a time, so back-pressure holds. When the
 * reader leaves or one choice fails, `cancel` has to end the others.
 */
export async function* weaveChoices(
	choices: readonly AsyncGenerator<ChatEvent, void, undefined>[],
	cancel: (reason: unknown) => void,
): AsyncGenerator<ChoiceEvent, void, undefined> {
	const [first, ...others] = choices;
	if (first === undefined) return;
	if (others.length === 0) {
		for await (const event of first) yield { index: 0, event };
		return;
	}

	const arrived: Arrival[] = [];
	const running = new Set<number>();
	let wake = () => {};
	const pull = (choice: (typeof choices)[number], index: number) => {
		running.add(index);
		const arrive = (arrival: Arrival) => {
			arrived.push(arrival);
			wake();
		};
		choice.next().then(
			(result) => arrive({ index, result }),
			(error: unknown) => arrive({ index, error }),
		);
	};

	let hasBegunAll = false;
	let failure: unknown = null;
	try {
		pull(first, 0);
		while (running.size > 0) {
			const arrival = arrived.shift();
			if (arrival === undefined) {
				await new Promise<void>((resolve) => {
					wake = resolve;
				});
				continue;
			}
			const { index } = arrival;
			if ('error' in arrival) throw arrival.error;
			if (arrival.result.done === true) running.delete(index);
			else yield { index, event: arrival.result.value };
			if (!hasBegunAll && (arrival.result.done === true || isPastPrompt(arrival.result.value))) {
				hasBegunAll = true;
				others.forEach((choice, at) => {
					pull(choice, at + 1);
				});
			}
			const choice = choices[index];
			if (arrival.result.done !== true && choice !== undefined) pull(choice, index);
		}
	} catch (error) {
		failure = error;
		throw error;
	} finally {
		if (running.size > 0) {
			cancel(failure);
			await Promise.allSettled(choices.map((choice) => choice.return()));
		}
	}
}

function isPastPrompt({ type }: ChatEvent): boolean {
	return type !== 'start' && type !== 'progress';
}
