/** printRoutes is a tree for people; each line's path is the piece after the drawing, its depth the parent's. */
export function pathsOf(printed: string): string[] {
	const open: { indent: number; path: string }[] = [];
	const paths: string[] = [];
	for (const line of printed.split('\n')) {
		const match = /^([│├└─\s]*)(\S+)/.exec(line);
		if (match?.[1] === undefined || match[2] === undefined) continue;
		const indent = match[1].length;
		while ((open.at(-1)?.indent ?? -1) >= indent) open.pop();
		const parent = open.at(-1)?.path ?? '';
		// The slash before a wildcard is left out of the drawing.
		const path = parent + (match[2] === '*' && !parent.endsWith('/') ? '/*' : match[2]);
		open.push({ indent, path });
		paths.push(path);
	}
	return [...new Set(paths)];
}
