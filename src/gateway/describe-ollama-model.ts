import type { ChatTemplate } from '../chat/template/template.ts';
import type { OllamaDetails } from '../protocol/ollama-response.ts';
import type { WorkerInfo } from '../protocol/worker-api.ts';
import type { GatewayModel } from './gateway-pool.ts';
import { toOllamaName } from './ollama-names.ts';

/** As /api/tags and /api/ps list it. What is not known before a worker has been up is empty. */
export function describeModel(model: GatewayModel) {
	const name = toOllamaName(model.name);
	const { info } = model;
	return {
		name,
		model: name,
		size: info?.model.fileBytes ?? 0,
		digest: info?.model.fingerprint ?? '',
		details: detailsOf(info),
	};
}

export function modifiedAt(model: GatewayModel): string {
	return new Date(model.created * 1000).toISOString();
}

function detailsOf(info: WorkerInfo | null): OllamaDetails {
	const family = info?.model.architecture ?? '';
	return {
		parent_model: '',
		format: 'gguf',
		family,
		families: family === '' ? [] : [family],
		parameter_size: info === null ? '' : inWords(info.model.parameters),
		quantization_level: info?.model.quantization ?? '',
	};
}

/** As /api/show has it; a model without a template makes embeddings. The context is that of a slot, since that is what a request may fill. */
export function describeForShow(model: GatewayModel, info: WorkerInfo, template: ChatTemplate | null) {
	const { architecture, parameters, name } = info.model;
	return {
		template: info.chatTemplate ?? '',
		details: detailsOf(info),
		model_info: {
			'general.architecture': architecture,
			'general.basename': name,
			'general.parameter_count': parameters,
			[`${architecture}.context_length`]: info.contextTokens,
		},
		capabilities:
			template === null
				? ['embedding']
				: ['completion', 'tools', ...(template.traits.reasoning === 'never' ? [] : ['thinking'])],
		modified_at: modifiedAt(model),
	};
}

/** '7.6B' */
function inWords(parameters: number): string {
	const [divisor, unit] = parameters >= 1e9 ? [1e9, 'B'] : [1e6, 'M'];
	return `${(parameters / divisor).toFixed(1)}${unit}`;
}
