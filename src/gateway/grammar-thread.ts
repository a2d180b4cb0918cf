import { parentPort } from 'node:worker_threads';
import { compileGrammar } from '../chat/compile-grammar.ts';
import { RetortError } from '../errors.ts';
import type { Grammar } from '../protocol/worker-api.ts';

/** An error loses its class on the way between threads, so a refusal goes in parts. */
export type GrammarReply =
	| { grammar: Grammar | null }
	| { refusal: Pick<RetortError, 'message' | 'status' | 'type' | 'code' | 'param'> };

/** The program of the thread that `grammar-compiler` keeps: says that it is ready, then answers sources one by one. */
parentPort?.on('message', (source: string) => parentPort?.postMessage(replyTo(source)));
parentPort?.postMessage('ready');

/** What is no refusal is thrown: it ends the thread, which tells the other side. */
function replyTo(source: string): GrammarReply {
	try {
		return { grammar: compileGrammar(JSON.parse(source)) };
	} catch (error) {
		if (!(error instanceof RetortError) || error.status !== 400) throw error;
		const { message, status, type, code, param } = error;
		return { refusal: { message, status, type, code, param } };
	}
}
