import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { dirname, resolve } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';

const CONTEXT_TOKENS = 4096;
const MODEL = resolve('models/pocket-reasoner/pocket-reasoner-q8_0.gguf');

/** How to come by a binary of the very release that node-llama-cpp has. No network is needed. */
export const BUILD_HINT = `To build llama-server from the source that node-llama-cpp brings (cmake, a C++ compiler, git; no network):
  git clone node_modules/node-llama-cpp/llama/gitRelease.bundle ../llama.cpp
  cmake -S ../llama.cpp -B ../llama.cpp/build -DCMAKE_BUILD_TYPE=Release -DLLAMA_CURL=OFF -DLLAMA_BUILD_TESTS=OFF -DLLAMA_BUILD_UI=OFF
  cmake --build ../llama.cpp/build --target llama-server --parallel
and then --binary ../llama.cpp/build/bin/llama-server`;

/** llama.cpp's own server with the embedded model, ready; ended by `stop`. */
export async function startLlamaServer(binary: string, slots: number) {
	const port = await freePort();
	const url = `http://127.0.0.1:${port}`;
	// Where the engine takes flash attention by itself, its sums differ in the last bit from those of our worker.
	const flags = ['--host', '127.0.0.1', '--port', String(port), '-m', MODEL, '-t', '1', '-fa', 'off', '--no-webui'];
	const size = ['-np', String(slots), '-c', String(slots * CONTEXT_TOKENS), '--alias', 'pocket-reasoner'];
	const child = spawn(binary, [...flags, ...size], {
		stdio: 'ignore',
		env: { ...process.env, LD_LIBRARY_PATH: dirname(resolve(binary)) },
	});
	await Promise.race([untilReady(url), failure(child, binary)]);
	return {
		url,
		async stop() {
			const exited = once(child, 'exit');
			child.kill('SIGTERM');
			await exited;
		},
	};
}

async function untilReady(url: string): Promise<void> {
	for (;;) {
		const status = await fetch(`${url}/health`).then(
			(response) => response.status,
			() => 0, // it does not listen yet
		);
		if (status === 200) return;
		await delay(50);
	}
}

async function failure(child: ChildProcess, binary: string): Promise<never> {
	const [why] = await once(child, 'exit'); // rejects where there is no such program
	throw new Error(`${binary} ended with ${String(why)} before it was ready`);
}

async function freePort(): Promise<number> {
	const probe = createServer().listen(0, '127.0.0.1');
	await once(probe, 'listening');
	const bound = probe.address();
	probe.close();
	return typeof bound === 'object' && bound !== null ? bound.port : 0;
}
