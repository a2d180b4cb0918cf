import type { TokenLogprob } from '../protocol/worker-api.ts';
import type { Native } from './binding.ts';
import type { Vocabulary } from './vocabulary.ts';

/**
 * Log-probabilities of the model itself, before temperature, cuts, bias and grammar. The drawing sampler's own logits
 * are after all that, so two idle samplers look at the same row again: a greedy one, whose selected logit is the
 * highest, gives the chosen token's place in the whole; a top-k one gives the alternatives without sorting the
 * vocabulary. Only requests that ask for it pay.
 */
export function createLogprobReader(
	native: Native,
	vocabulary: Vocabulary,
): (batchIndex: number, id: number, alternatives: number) => Promise<TokenLogprob> {
	const bytesOf = (id: number) => Buffer.from(vocabulary.piece(id).bytes).toString('base64');
	const greedy: ReturnType<Native['createSampler']>[] = [];
	const top: ReturnType<Native['createSampler']>[] = [];

	return async (batchIndex, id, alternatives) => {
		// A sampler is busy for the length of one job: as many exist as ever ran at once.
		const whole = greedy.pop() ?? native.createSampler();
		const best = top.pop() ?? native.createSampler();
		try {
			whole.applyConfig({ temperature: 0 });
			const wholeJob = native.context.sampleToken(batchIndex, whole, false, false, [[id], false, false, true, 0], true);
			best.applyConfig({ temperature: 1, topK: Math.max(1, alternatives), seed: 1 });
			const topJob =
				alternatives === 0
					? null
					: native.context.sampleToken(batchIndex, best, false, false, [[], false, false, false, alternatives], false);
			const [highestId, , , logits = [], weight = 1] = await wholeJob;
			const logitOf = (token: number) => {
				for (let at = 0; at + 1 < logits.length; at += 2) if (logits[at] === token) return logits[at + 1] ?? 0;
				return Number.NEGATIVE_INFINITY;
			};
			const logWhole = logitOf(highestId) + Math.log(weight);
			const toLogprob = (logit: number) => Math.max(-9999, logit - logWhole);
			const alternativesFound = topJob === null ? [] : ((await topJob)[3] ?? []);
			const result: TokenLogprob = { id, bytes: bytesOf(id), logprob: toLogprob(logitOf(id)), top: [] };
			for (let at = 0; at + 1 < alternativesFound.length; at += 2) {
				const token = alternativesFound[at] ?? 0;
				const logprob = toLogprob(alternativesFound[at + 1] ?? 0);
				result.top.push({ id: token, bytes: bytesOf(token), logprob });
			}
			return result;
		} finally {
			greedy.push(whole);
			top.push(best);
		}
	};
}
