/** A call's arguments as an object; null for those that the request's tokens cut short. */
export function parseArguments(json: string): Record<string, unknown> | null {
	try {
		const value: unknown = JSON.parse(json);
		// An object that JSON.parse made has string keys.
		return typeof value === 'object' && value !== null && !Array.isArray(value)
			? (value as Record<string, unknown>)
			: null;
	} catch {
		return null;
	}
}
