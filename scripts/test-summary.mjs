// Prints "N passed, M failed" from vitest's JSON report; exits 1 where something failed, or nothing ran.
import { readFileSync } from 'node:fs';

let report = null;
try {
	report = JSON.parse(readFileSync(process.argv[2] ?? '', 'utf8'));
} catch {
	// vitest did not get as far as writing it
}
// A file that does not even load holds no test that could fail.
const brokenFiles = report?.testResults.filter(
	(file) => file.status === 'failed' && file.assertionResults.length === 0,
);
const passed = report?.numPassedTests ?? 0;
const failed = (report?.numFailedTests ?? 1) + (brokenFiles?.length ?? 0);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 || passed === 0 ? 1 : 0;
