/** A promise that settles with the condition, which is looked at whenever `check` is called: true, or what it throws. */
export function readiness(condition: () => boolean): { promise: Promise<void>; check: () => void } {
	let settle: (check: () => boolean) => void = () => {};
	const promise = new Promise<void>((resolve, reject) => {
		settle = (holds) => {
			try {
				if (holds()) resolve();
			} catch (error) {
				reject(error);
			}
		};
	});
	return { promise, check: () => settle(condition) };
}
