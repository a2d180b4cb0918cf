import { RetortError } from '../errors.ts';

/** Other rooms speak of `messages`, and of `tokens` where the prompt is echoed; here the field is `prompt`. */
export async function* inPromptTerms<Value>(
	values: AsyncGenerator<Value, void, undefined>,
): AsyncGenerator<Value, void, undefined> {
	try {
		yield* values;
	} catch (error) {
		throw error instanceof RetortError && isOfPrompt(error) ? ofPrompt(error) : error;
	}
}

function isOfPrompt({ code, param }: RetortError): boolean {
	return code === 'context_length_exceeded' || param === 'messages' || param === 'tokens';
}

function ofPrompt(error: RetortError): RetortError {
	const message = error.message
		.replace('your messages resulted', 'your prompt resulted')
		.replace('the length of the messages', 'the length of the prompt');
	return new RetortError(message, { status: error.status, type: error.type, code: error.code, param: 'prompt' });
}
