// A gateway's stand-in that is there to be killed: `node parent-process.mjs PROGRAM` starts one worker process that runs
// PROGRAM. From dist, because Node 20 runs no TypeScript.
import { startChild } from '../../dist/pool/child-process.js';

const [program = ''] = process.argv.slice(2);
const log = { debug() {}, info() {}, warn() {}, error() {} };
startChild({ command: process.execPath, args: ['-e', program], env: {} }, { workerId: 'w0', log, killAfterMs: 100 });
