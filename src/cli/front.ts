/** What clients talk to: the gateway of this process, or several of their own. */
export type Front = {
	url: string;
	/** No new work; what runs may finish within the grace. Settles once the port is free. */
	drain(graceMs: number): Promise<void>;
	/** Ends it at once. */
	close(): Promise<void>;
	/** To be called whenever a worker's state has changed. */
	tell?(): void;
};
