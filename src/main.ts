#!/usr/bin/env -S node --min-semi-space-size=32 --max-semi-space-size=32
// Of 32 MiB: half of the garbage collections of thousands of streams, for some 30 MiB. Every line that starts the server says so.
import { run } from './cli/run.ts';

process.exit(await run(process.argv.slice(2), { exit: (code) => process.exit(code) }));
