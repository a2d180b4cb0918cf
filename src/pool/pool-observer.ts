/** What happens in the pool, for metrics. Called synchronously; must not throw. */
export type PoolObserver = {
	/** Some worker's state is another now. */
	changed?(): void;
	/** A request got its slot. */
	queueWaited?(event: { model: string; waitMs: number }): void;
	/** A request was turned away before anything ran. */
	rejected?(event: { model: string; code: string | null }): void;
	/** A request lost its worker before its first token and runs again. */
	retried?(event: { model: string; workerId: string }): void;
	/** A worker that other gateways may know too has got a prompt with these prefixes, longest first. */
	placed?(event: { model: string; workerId: string; prefixes: readonly string[] }): void;
	workerReady?(event: { model: string; workerId: string; loadMs: number }): void;
	/** It answers, and must not serve here: another protocol, model or template, or it does not know us. */
	workerRefused?(event: { model: string; workerId: string; reason: string }): void;
	workerDied?(event: { model: string; workerId: string; reason: string }): void;
};
