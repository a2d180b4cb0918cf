import type { z } from 'zod';
import { chatMessageSchema } from '../chat-messages.ts';
import { effortSchema, reasoningFieldSchema } from '../chat-reasoning.ts';
import { chatRequestSchema } from '../chat-request.ts';
import {
	chatCompletionChunkSchema,
	chatCompletionSchema,
	logprobsSchema,
	progressSchema,
	reasoningStatusSchema,
	usageSchema,
} from '../chat-response.ts';
import { responseFormatSchema, toolChoiceSchema, toolSchema } from '../chat-tools.ts';
import { completionRequestSchema } from '../completion-request.ts';
import { textCompletionSchema } from '../completion-response.ts';
import { countTokensSchema, messagesRequestSchema } from '../messages-request.ts';
import { messageSchema, messagesEventSchema } from '../messages-response.ts';
import { ollamaErrorSchema } from '../ollama-response.ts';
import { responsesEventSchema } from '../responses-event.ts';
import { responsesRequestSchema } from '../responses-request.ts';
import { outputItemSchema, responseSchema } from '../responses-response.ts';
import {
	anthropicErrorSchema,
	errorEnvelopeSchema,
	healthSchema,
	modelDetailSchema,
	modelSchema,
} from '../server-responses.ts';
import { countedChatSchema } from '../token-requests.ts';

/** Schemas that have a name of their own in the document. One that is not here is named after its operation. */
export const requestNames: [z.ZodType, string][] = [
	[chatRequestSchema, 'ChatRequest'],
	[countedChatSchema, 'CountedChatRequest'],
	[chatMessageSchema, 'ChatMessage'],
	[toolSchema, 'Tool'],
	[toolChoiceSchema, 'ToolChoice'],
	[responseFormatSchema, 'ResponseFormat'],
	[completionRequestSchema, 'CompletionRequest'],
	[responsesRequestSchema, 'ResponseRequest'],
	[messagesRequestSchema, 'MessageRequest'],
	[countTokensSchema, 'CountMessageTokensRequest'],
];

export const answerNames: [z.ZodType, string][] = [
	[effortSchema, 'ReasoningEffort'],
	[reasoningFieldSchema, 'ReasoningField'],
	[chatCompletionSchema, 'ChatCompletion'],
	[chatCompletionChunkSchema, 'ChatCompletionChunk'],
	[reasoningStatusSchema, 'ReasoningStatus'],
	[progressSchema, 'Progress'],
	[usageSchema, 'Usage'],
	[logprobsSchema, 'Logprobs'],
	[textCompletionSchema, 'TextCompletion'],
	[responseSchema, 'Response'],
	[outputItemSchema, 'OutputItem'],
	[responsesEventSchema, 'ResponseEvent'],
	[messageSchema, 'Message'],
	[messagesEventSchema, 'MessageEvent'],
	[modelSchema, 'Model'],
	[modelDetailSchema, 'ModelDetail'],
	[healthSchema, 'Health'],
	[errorEnvelopeSchema, 'Error'],
	[anthropicErrorSchema, 'AnthropicError'],
	[ollamaErrorSchema, 'OllamaError'],
];
