import type { FakeScript } from '../../support/fake-worker.ts';
import { thinkThenSay } from './scripts.ts';
import { startGateway } from './start-gateway.ts';

/** A gateway that keeps what its worker was asked, as the prompt's text. */
export async function startRecording() {
	const asked: { prompt: string; maxTokens: number | null }[] = [];
	const answer = thinkThenSay('Add them.', 'It is 42.');
	const script: FakeScript = async (turn) => {
		const { prompt, maxTokens } = turn.request;
		asked.push({ prompt: prompt.map((part) => ('text' in part ? part.text : '')).join(''), maxTokens });
		await answer(turn);
	};
	return { gateway: await startGateway({ script }), asked };
}
