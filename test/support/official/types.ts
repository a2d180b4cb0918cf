import type OpenAI from 'openai';

/** Answers as OpenAI's own client types them, generated from their API's document; the source of JSON schemas. */
export interface OfficialTypes {
	ChatCompletion: OpenAI.ChatCompletion;
	ChatCompletionChunk: OpenAI.ChatCompletionChunk;
	TextCompletion: OpenAI.Completion;
	Response: OpenAI.Responses.Response;
	ResponseEvent: OpenAI.Responses.ResponseStreamEvent;
	/** The client leaves thoughts out, which its API's document has. */
	InputItem: OpenAI.Responses.ResponseItem | OpenAI.Responses.ResponseReasoningItem;
	Model: OpenAI.Model;
	Embeddings: OpenAI.CreateEmbeddingResponse;
	InputTokens: OpenAI.Responses.InputTokenCountResponse;
	Error: { error: OpenAI.ErrorObject };
}
