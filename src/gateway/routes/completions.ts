import type { FastifyInstance } from 'fastify';
import { type ChoiceEvent, collectText, encodeTextChunks, type TextMeta } from '../../chat/encode-text.ts';
import { leavesThoughtOpen, parseText } from '../../chat/parse-text.ts';
import { prepareText } from '../../chat/prepare-text.ts';
import { describeProgress, ProgressTracker } from '../../chat/progress.ts';
import { shuttingDown } from '../../errors.ts';
import { DEFAULT_TEXT_TOKENS, parseCompletionRequest, type RawPrompt } from '../../protocol/completion-request.ts';
import { addRoute } from '../add-route.ts';
import type { TokenEstimate } from '../admission.ts';
import { abortOnDisconnect } from '../answer.ts';
import { cacheScopeOf, callerOf } from '../caller.ts';
import { firstOf } from '../first-event.ts';
import { toRetortError } from '../plugins/errors.ts';
import { inPromptTerms } from '../prompt-terms.ts';
import { randomHex24 } from '../random-hex.ts';
import { withModel } from '../resolve-model.ts';
import { runCompletion } from '../run-completion.ts';
import { sendStream } from '../send-stream.ts';
import { streamTimes } from '../stream-times.ts';
import { systemFingerprint } from '../system-fingerprint.ts';
import type { ChatServices } from './chat-completions.ts';

/**
 * POST /v1/completions. The choices run one after the other, each a generation of its own: many prompts in one request
 * take one slot, and the second choice of a prompt finds the first one's in the cache.
 */
export function addCompletionsRoute(app: FastifyInstance, services: ChatServices): void {
	addRoute(app, {
		method: 'POST',
		url: '/v1/completions',
		takesSlot: true,
		handler: async (request, reply) => {
			if (services.running.isDraining) throw shuttingDown();
			const wanted = parseCompletionRequest(request.body);
			const caller = callerOf(request);
			const { config, pool, version } = services;
			const abort = abortOnDisconnect(request, reply);
			return withModel(services, caller, wanted.model, abort.signal, async ({ model, info }) => {
				request.modelLabel = model.name;
				const progress = new ProgressTracker(null);
				const id = `cmpl-${randomHex24()}`;
				const choicesPerPrompt = wanted.n ?? 1;
				const meta: TextMeta = {
					id,
					created: Math.floor(Date.now() / 1000),
					model: model.name,
					systemFingerprint: systemFingerprint(version, info),
					includeUsage: wanted.stream_options?.include_usage === true,
					choicesPerPrompt,
				};

				async function* runChoices(): AsyncGenerator<ChoiceEvent, void, undefined> {
					for (const [at, prompt] of wanted.prompt.entries()) {
						const echo = wanted.echo === true ? await textOf(prompt) : '';
						for (let choice = 0; choice < choicesPerPrompt; choice++) {
							const index = at * choicesPerPrompt + choice;
							const options = { stops: wanted.stop ?? [], opensInThought: leavesThoughtOpen(prompt) };
							for await (const event of parseText(run(prompt, index, choice), options)) {
								yield { index, echo, event };
							}
						}
					}
				}

				function run(prompt: RawPrompt, index: number, choice: number) {
					const generation = prepareText(wanted, prompt, choice, config.sampling);
					return runCompletion(services, {
						httpRequestId: request.id,
						caller,
						model: model.name,
						isStreamed: wanted.stream === true,
						estimate: estimateOf(prompt, wanted.max_tokens ?? DEFAULT_TEXT_TOKENS),
						request: {
							...generation,
							requestId: index === 0 ? id : `${id}-${index}`,
							resume: [],
							cacheScope: cacheScopeOf(caller, config.cache.scope),
						},
						abort,
						progress,
						setHeaders: (headers) => {
							if (!reply.raw.headersSent) reply.headers(headers);
						},
					});
				}

				async function textOf(prompt: RawPrompt): Promise<string> {
					return typeof prompt === 'string' ? prompt : pool.detokenize(model.name, prompt, abort.signal);
				}

				const events = inPromptTerms(runChoices());
				const started = await firstOf(events);
				request.hasGeneration = true;
				if (wanted.stream !== true) {
					try {
						return await collectText(started, meta);
					} finally {
						await started.return();
					}
				}
				return sendStream(reply, encodeTextChunks(started, meta), {
					...streamTimes(config),
					abort,
					toError: (error) => toRetortError(error, request, services.log),
					onClose: () => started.return(),
					comment: () => describeProgress(progress.snapshot()),
				});
			});
		},
	});
}

/** As for chat: close enough to reserve by. */
const BYTES_PER_TOKEN = 3;

function estimateOf(prompt: RawPrompt, completionTokens: number): TokenEstimate {
	const promptTokens =
		typeof prompt === 'string' ? Math.ceil(Buffer.byteLength(prompt) / BYTES_PER_TOKEN) : prompt.length;
	return { promptTokens, completionTokens, isExplicit: true };
}
