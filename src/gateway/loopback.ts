/** Names and addresses that never leave this machine, in the forms a URL or a Host header has them. */
export function isLoopbackName(name: string): boolean {
	const bare = name.toLowerCase().replace(/^\[|\]$/g, '');
	return bare === 'localhost' || bare.endsWith('.localhost') || bare === '::1' || /^127(\.\d{1,3}){3}$/.test(bare);
}
