import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { expect, it } from 'vitest';
import { ask, loadEmbedded, run } from './support/engine.ts';

setFlagsFromString('--expose-gc');
const collectGarbage: () => void = runInNewContext('gc');

it('a model is let go of, also when the collector came by', async () => {
	const model = await loadEmbedded({ slots: 1, contextTokens: 256 });
	for (let round = 0; round < 3; round++) {
		collectGarbage();
		// A turn of the event loop lets finalizers run.
		await new Promise(setImmediate);
	}
	expect((await run(model.engine, ask('What is 1+1?', { maxTokens: 4 }))).end?.completionTokens).toBe(4);
	await model.engine.close();
	await model.dispose();
});
