/**
 * What the promise gives, or the signal's reason as soon as it is aborted; what comes of the promise after that is ignored.
 * For work that looks at its signal late: undici hears of it once there is a connection, and one that is taken and never
 * made holds a request for the whole time that a connection may take.
 */
export async function unlessAborted<Value>(promise: Promise<Value>, signal: AbortSignal): Promise<Value> {
	let onAbort: (() => void) | undefined;
	const aborted = new Promise<never>((_resolve, reject) => {
		onAbort = () => reject(signal.reason);
		if (signal.aborted) onAbort();
		else signal.addEventListener('abort', onAbort, { once: true });
	});
	try {
		return await Promise.race([promise, aborted]);
	} finally {
		if (onAbort !== undefined) signal.removeEventListener('abort', onAbort);
	}
}
