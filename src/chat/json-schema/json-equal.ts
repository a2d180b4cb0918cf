/** Equality of JSON values: of objects whatever the order of their keys. */
export function jsonEqual(a: unknown, b: unknown): boolean {
	if (a === b) return true;
	if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return false;
	if (Array.isArray(a) || Array.isArray(b)) {
		if (!Array.isArray(a) || !Array.isArray(b) || a.length !== b.length) return false;
		return a.every((item, index) => jsonEqual(item, b[index]));
	}
	const entries = Object.entries(a);
	const others = new Map(Object.entries(b));
	if (entries.length !== others.size) return false;
	return entries.every(([key, value]) => others.has(key) && jsonEqual(value, others.get(key)));
}
