import { probeRequest } from '../../src/pool/probe-request.ts';
import type { GenerateRequest } from '../../src/protocol/worker-api.ts';

/** A request that a fake worker takes; its prompt is one run of user text. */
export function generateRequest(requestId: string, changes: Partial<GenerateRequest> = {}): GenerateRequest {
	return { ...probeRequest(requestId), ...changes };
}
