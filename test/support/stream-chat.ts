/** How one streamed completion went, as the wire told it. */
export type StreamOutcome = {
	status: number;
	content: string;
	reasoning: string;
	finishReason: string | null;
	/** The error of the envelope or of an error frame. */
	error: { code: string | null; message: string } | null;
	sawDone: boolean;
	/** The connection broke without a word. */
	brokeOff: boolean;
	firstTokenMs: number | null;
	totalMs: number;
};

export type StreamOptions = {
	signal?: AbortSignal;
	headers?: Record<string, string>;
	/** Called at every piece of text, of thought or answer. */
	onText?: (outcome: StreamOutcome) => void;
};

/** Asks for a stream without any client library, so that what a library would hide is seen. */
export async function streamChat(url: string, body: object, options: StreamOptions = {}): Promise<StreamOutcome> {
	const startedMs = performance.now();
	const outcome: StreamOutcome = {
		status: 0,
		content: '',
		reasoning: '',
		finishReason: null,
		error: null,
		sawDone: false,
		brokeOff: false,
		firstTokenMs: null,
		totalMs: 0,
	};
	try {
		const response = await fetch(`${url}/v1/chat/completions`, {
			method: 'POST',
			headers: { 'content-type': 'application/json', ...options.headers },
			body: JSON.stringify({ stream: true, ...body }),
			...(options.signal ? { signal: options.signal } : {}),
		});
		outcome.status = response.status;
		if (!response.ok || !response.body) {
			outcome.error = JSON.parse(await response.text()).error;
			return outcome;
		}
		let rest = '';
		for await (const text of response.body.pipeThrough(new TextDecoderStream())) {
			const frames = (rest + text).split('\n\n');
			rest = frames.pop() ?? '';
			for (const frame of frames) readFrame(frame, outcome, startedMs, options);
		}
	} catch {
		outcome.brokeOff = true;
	} finally {
		outcome.totalMs = performance.now() - startedMs;
	}
	return outcome;
}

function readFrame(frame: string, outcome: StreamOutcome, startedMs: number, options: StreamOptions): void {
	if (!frame.startsWith('data: ')) return; // a comment
	const data = frame.slice('data: '.length);
	if (data === '[DONE]') {
		outcome.sawDone = true;
		return;
	}
	const chunk = JSON.parse(data);
	if (chunk.error) {
		outcome.error = chunk.error;
		return;
	}
	const choice = chunk.choices[0];
	outcome.finishReason = choice?.finish_reason ?? outcome.finishReason;
	const { content = '', reasoning_content: reasoning = '' } = choice?.delta ?? {};
	outcome.content += content;
	outcome.reasoning += reasoning;
	if (content === '' && reasoning === '') return;
	outcome.firstTokenMs ??= performance.now() - startedMs;
	options.onText?.(outcome);
}

/** A question whose answer goes on to max_tokens: the end-of-sequence token of the embedded model is ruled out. */
export function endlessQuestion(maxTokens: number) {
	return {
		model: 'pocket-reasoner',
		messages: [{ role: 'user', content: 'What is 17+25?' }],
		max_tokens: maxTokens,
		logit_bias: { 754: -100 },
	};
}

export function sumQuestion(left: number, right: number) {
	const messages = [{ role: 'user', content: `What is ${left}+${right}?` }];
	return { model: 'pocket-reasoner', messages, temperature: 0 };
}
