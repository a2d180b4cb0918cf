/** What `promise` gives. Throws when that takes longer than `ms`: nothing here may wait for ever. */
export async function within<Value>(what: string, ms: number, promise: Promise<Value>): Promise<Value> {
	let timer: NodeJS.Timeout | undefined;
	const overdue = new Promise<never>((_, reject) => {
		timer = setTimeout(() => reject(new Error(`${what} did not end in ${Math.round(ms / 1000)} s`)), ms);
	});
	try {
		return await Promise.race([promise, overdue]);
	} finally {
		clearTimeout(timer);
	}
}
