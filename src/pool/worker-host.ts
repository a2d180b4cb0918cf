import type { Worker } from './worker.ts';

/** A worker that was started or reached, with what is needed to be rid of it. */
export type LaunchedWorker = {
	readonly worker: Worker;
	readonly pid: number | null;
	/** Settles once it is gone, with the reason in words; never rejects. */
	readonly exited: Promise<string>;
	/** Asks it to end, and insists after a while. Settles once it is gone. */
	end(): Promise<void>;
	/** Ends it now. */
	kill(): void;
	/** It stays when this process ends, for the next one. */
	readonly livesOn?: boolean;
};

/** Where a worker comes from: a child process here, a connection elsewhere. Behind this there is no `if local`. */
export type WorkerHost = {
	readonly id: string;
	/** Must not throw: a launch that fails is a worker whose `exited` settles. */
	launch(): LaunchedWorker;
};
