#!/usr/bin/env node
// Adds the platform-specific optional packages that `npm install` left out of package-lock.json
// (their version is not on the registry as seen here), so that `npm ci` accepts the lock.
// Usage: node fill-lock.mjs [dir]        Report only: node fill-lock.mjs [dir] --check
import { readFileSync, writeFileSync } from 'node:fs';

// os/cpu/libc as such packages name them: @node-llama-cpp/mac-arm64-metal, @biomejs/cli-linux-x64-musl, ...
function platformOf(name) {
	const n = name.split('/').pop();
	const os = [
		['android', 'android'],
		['darwin', 'darwin'],
		['mac', 'darwin'],
		['win', 'win32'],
		['linux', 'linux'],
		['freebsd', 'freebsd'],
	].find(([k]) => new RegExp(`(^|-)${k}(32)?(-|$)`).test(n))?.[1];
	const cpu = ['arm64', 'x64', 'ia32', 'riscv64', 'ppc64', 's390x', 'loong64', 'armv7l', 'arm'].find((k) =>
		n.includes(k),
	);
	if (!os || !cpu) throw new Error(`cannot tell the platform of ${name}; add it by hand`);
	return {
		os: [os],
		cpu: [cpu === 'armv7l' ? 'arm' : cpu],
		libc: os === 'linux' ? [n.includes('musl') ? 'musl' : 'glibc'] : undefined,
	};
}
const dir = process.argv.slice(2).find((a) => !a.startsWith('--')) ?? '.';
const check = process.argv.includes('--check');
const file = `${dir}/package-lock.json`;
const lock = JSON.parse(readFileSync(file, 'utf8'));
const missing = [];
for (const [where, pkg] of Object.entries(lock.packages)) {
	for (const [name, spec] of Object.entries(pkg.optionalDependencies ?? {})) {
		const nested = where ? `${where}/node_modules/${name}` : null;
		if (lock.packages[`node_modules/${name}`] || (nested && lock.packages[nested])) continue;
		missing.push({ by: where, name, spec });
	}
}
for (const m of missing) console.log(`${m.name}@${m.spec} (wanted by ${m.by || 'the project'})`);
if (check) process.exit(missing.length ? 1 : 0);
for (const { by, name, spec } of missing) {
	if (!/^\d+\.\d+\.\d+/.test(spec)) {
		console.error(`skipped ${name}: ${spec} is no exact version`);
		continue;
	}
	const meta = platformOf(name);
	lock.packages[`node_modules/${name}`] = JSON.parse(
		JSON.stringify({
			version: spec,
			cpu: meta.cpu,
			dev: lock.packages[by]?.dev,
			libc: meta.libc,
			optional: true,
			os: meta.os,
		}),
	);
}
const { '': root, ...rest } = lock.packages;
lock.packages = { '': root, ...Object.fromEntries(Object.entries(rest).sort(([a], [b]) => a.localeCompare(b, 'en'))) };
writeFileSync(file, `${JSON.stringify(lock, null, 2)}\n`);
console.log(`added ${missing.length}`);
