// `npm run check:k8s`: config/k8s against the published JSON schemas of Kubernetes (the PyPI package kubernetes-validate
// carries them), strictly: an unknown key is an error. ScaledObject and ServiceMonitor are of KEDA and of the Prometheus
// operator, whose schemas it does not carry: of those only YAML and names are looked at.
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseAllDocuments } from 'yaml';

const VERSION = '1.31';
const OTHERS = ['keda.sh', 'monitoring.coreos.com', 'kustomize.config.k8s.io'];
const folder = new URL('../config/k8s/', import.meta.url).pathname;
const work = mkdtempSync(join(tmpdir(), 'check-k8s-'));
const python = join(work, 'venv', 'bin', 'python');
let failures = 0;
try {
	execFileSync('python3', ['-m', 'venv', join(work, 'venv')]);
	execFileSync(python, ['-m', 'pip', 'install', '-q', 'kubernetes-validate==1.37.0'], { stdio: 'inherit' });
	for (const file of readdirSync(folder)) {
		for (const document of parseAllDocuments(readFileSync(join(folder, file), 'utf8'))) {
			const value = document.toJS();
			const name = `${file}: ${value.kind} ${value.metadata?.name ?? ''}`;
			const others = OTHERS.some((group) => value.apiVersion.startsWith(`${group}/`));
			const path = join(work, 'document.json');
			writeFileSync(path, JSON.stringify(value));
			try {
				if (document.errors.length > 0) throw new Error(String(document.errors[0]));
				const args = ['-m', 'kubernetes_validate', '-k', VERSION, '--strict', path];
				if (!others) execFileSync(python, args, { stdio: 'pipe' });
				console.log(`${others ? 'read' : 'ok  '}  ${name}`);
			} catch (error) {
				failures += 1;
				console.log(`FAIL  ${name}\n${error.stdout ?? ''}${error.stderr ?? error.message}`);
			}
		}
	}
	const listed = parseAllDocuments(readFileSync(join(folder, 'kustomization.yaml'), 'utf8'))[0].toJS().resources;
	for (const file of listed.filter((name) => !existsSync(join(folder, name)))) {
		failures += 1;
		console.log(`FAIL  kustomization.yaml: no ${file}`);
	}
} finally {
	rmSync(work, { recursive: true, force: true });
}
process.exit(failures === 0 ? 0 : 1);
