import type { ResponsesRequest } from '../../protocol/responses-request.ts';
import type { ResponseHead } from '../../protocol/responses-response.ts';

export type ResponseHeadInput = {
	id: string;
	createdAt: number;
	model: string;
	request: ResponsesRequest;
	isStored: boolean;
	/** What applies where the request is silent. */
	sampling: { temperature: number; topP: number };
};

/** What a response says about its request, with the values that applied in place of those that were left out. */
export function describeResponse({
	id,
	createdAt,
	model,
	request,
	isStored,
	sampling,
}: ResponseHeadInput): ResponseHead {
	return {
		id,
		object: 'response',
		created_at: createdAt,
		background: false,
		instructions: request.instructions ?? null,
		max_output_tokens: request.max_output_tokens ?? null,
		max_tool_calls: request.max_tool_calls ?? null,
		model,
		parallel_tool_calls: request.parallel_tool_calls ?? true,
		previous_response_id: request.previous_response_id ?? null,
		prompt_cache_key: request.prompt_cache_key ?? null,
		reasoning: {
			effort: request.reasoning?.effort ?? request.reasoning_effort ?? null,
			summary: request.reasoning?.summary ?? request.reasoning?.generate_summary ?? null,
		},
		safety_identifier: request.safety_identifier ?? null,
		service_tier: 'default',
		store: isStored,
		temperature: request.temperature ?? sampling.temperature,
		text: { format: describeFormat(request), verbosity: request.text?.verbosity ?? 'medium' },
		tool_choice: request.tool_choice ?? 'auto',
		tools: (request.tools ?? []).map((tool) => ({
			type: tool.type,
			name: tool.name,
			description: tool.description ?? null,
			parameters: tool.parameters ?? null,
			strict: tool.strict ?? false,
		})),
		top_logprobs: request.top_logprobs ?? 0,
		top_p: request.top_p ?? sampling.topP,
		presence_penalty: request.presence_penalty ?? 0,
		frequency_penalty: request.frequency_penalty ?? 0,
		truncation: 'disabled',
		user: request.user ?? null,
		metadata: request.metadata ?? {},
	};
}

/** A description is a string in OpenAI's document and required in Open Responses: where there is none it is empty. */
function describeFormat({ text }: ResponsesRequest): ResponseHead['text']['format'] {
	const format = text?.format ?? { type: 'text' };
	if (format.type !== 'json_schema') return format;
	const { type, name, description = '', schema, strict = false } = format;
	return { type, name, description, schema, strict };
}
