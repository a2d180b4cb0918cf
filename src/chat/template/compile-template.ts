import vm from 'node:vm';
import { Template } from '@huggingface/jinja';
import { configError } from '../../errors.ts';

/**
 * A template is a program that came with the model: one that does not end must not take the server with it. Long enough
 * that no good one on a busy machine is taken for such.
 */
const DEADLINE_MS = 5000;

const context = vm.createContext({ run: null });
const script = new vm.Script('run()');

/** The value of a synchronous function, or an error with code ERR_SCRIPT_EXECUTION_TIMEOUT when it takes too long. */
export function withDeadline<Value>(run: () => Value, deadlineMs = DEADLINE_MS): Value {
	context.run = run;
	try {
		return script.runInContext(context, { timeout: deadlineMs }) as Value; // what `run` returns
	} finally {
		context.run = null;
	}
}

export type TemplateVariables = {
	messages: TemplateMessage[];
	add_generation_prompt: boolean;
	tools: unknown[] | null;
	bos_token: string;
	eos_token: string;
	enable_thinking?: boolean;
	thinking?: boolean;
};

export type TemplateMessage = {
	role: string;
	content: string | null;
	name?: string;
	tool_call_id?: string;
	tool_calls?: { id: string; type: 'function'; function: { name: string; arguments: string } }[];
};

/** Source to function. Throws config_error when it is no jinja; the function throws what the template raises. */
export function compileTemplate(source: string): (variables: TemplateVariables) => string {
	try {
		const template = withDeadline(() => new Template(source));
		return (variables) => template.render(variables);
	} catch (error) {
		throw configError(`The model's chat template does not compile: ${describe(error)}`, error);
	}
}

export function describe(error: unknown): string {
	return error instanceof Error ? error.message.slice(0, 300) : String(error).slice(0, 300);
}
