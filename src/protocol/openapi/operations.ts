import { chatOperations } from './chat-operations.ts';
import { messagesOperations } from './messages-operations.ts';
import { ollamaOperations } from './ollama-operations.ts';
import type { Operation } from './operation.ts';
import { responsesOperations } from './responses-operations.ts';
import { serverOperations } from './server-operations.ts';
import { textOperations } from './text-operations.ts';

/** Everything that the server answers. A route without its line here fails a test. */
export const operations: Operation[] = [
	...chatOperations,
	...responsesOperations,
	...textOperations,
	...messagesOperations,
	...ollamaOperations,
	...serverOperations,
];
