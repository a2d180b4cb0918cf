import { z } from 'zod';
import { internalError, type RetortError, shuttingDown } from '../../errors.ts';
import { fromWireError, toWireError, wireErrorSchema } from '../../protocol/wire-error.ts';

const messageSchema = z.discriminatedUnion('kind', [
	z.object({ kind: z.literal('call'), id: z.int(), name: z.string(), value: z.unknown() }),
	z.object({ kind: z.literal('note'), name: z.string(), value: z.unknown() }),
	z.object({ kind: z.literal('answer'), id: z.int(), value: z.unknown() }),
	z.object({ kind: z.literal('failure'), id: z.int(), error: wireErrorSchema }),
]);

type Waiting = { resolve: (value: unknown) => void; reject: (error: RetortError) => void };

/**
 * One end of a channel between two of our processes: calls, which are answered, and notes, which are not. Messages of
 * one end arrive in their order. Errors of the other end are RetortErrors here too.
 */
export class Peer {
	readonly #send: (message: object) => void;
	readonly #calls = new Map<string, (value: unknown) => unknown>();
	readonly #notes = new Map<string, (value: unknown) => void>();
	readonly #waiting = new Map<number, Waiting>();
	#nextId = 0;
	#isClosed = false;

	constructor(send: (message: object) => void) {
		this.#send = send;
	}

	/** What the other end may ask for; whatever the handler throws or rejects with is the answer's error. */
	onCall(name: string, handle: (value: unknown) => unknown): void {
		this.#calls.set(name, handle);
	}

	onNote(name: string, handle: (value: unknown) => void): void {
		this.#notes.set(name, handle);
	}

	async call<Schema extends z.ZodType>(name: string, value: unknown, answer: Schema): Promise<z.infer<Schema>> {
		if (this.#isClosed) throw shuttingDown();
		this.#nextId += 1;
		const id = this.#nextId;
		const answered = new Promise<unknown>((resolve, reject) => this.#waiting.set(id, { resolve, reject }));
		this.#send({ kind: 'call', id, name, value });
		return answer.parse(await answered);
	}

	/** Lost in silence once the other end has gone. */
	note(name: string, value: unknown): void {
		if (!this.#isClosed) this.#send({ kind: 'note', name, value });
	}

	/** To be given every message of the channel; those that are not ours are left alone. */
	receive(message: unknown): void {
		const parsed = messageSchema.safeParse(message);
		if (!parsed.success) return;
		const { data } = parsed;
		switch (data.kind) {
			case 'call':
				void this.#answer(data.id, data.name, data.value);
				return;
			case 'note':
				this.#notes.get(data.name)?.(data.value);
				return;
			case 'answer':
				this.#take(data.id)?.resolve(data.value);
				return;
			case 'failure':
				this.#take(data.id)?.reject(fromWireError(data.error));
				return;
		}
	}

	/** The other end has gone: what waits for it fails with `shutting_down`. */
	close(): void {
		this.#isClosed = true;
		for (const { reject } of this.#waiting.values()) reject(shuttingDown());
		this.#waiting.clear();
	}

	async #answer(id: number, name: string, value: unknown): Promise<void> {
		let message: object;
		try {
			const handle = this.#calls.get(name);
			if (handle === undefined) throw internalError(`no call ${name}`);
			message = { kind: 'answer', id, value: (await handle(value)) ?? null };
		} catch (error) {
			message = { kind: 'failure', id, error: toWireError(error) };
		}
		if (!this.#isClosed) this.#send(message);
	}

	#take(id: number): Waiting | undefined {
		const waiting = this.#waiting.get(id);
		this.#waiting.delete(id);
		return waiting;
	}
}
