/**
 * Templates for a GGUF that brings none. R1's own where the vocabulary has R1's marks; ChatML otherwise, as
 * llama.cpp does: models that lack a template know it more often than anything else.
 */
export function fallbackTemplate(specialTokens: readonly string[]): string {
	const isR1 = specialTokens.includes('<｜User｜>') && specialTokens.includes('<｜Assistant｜>');
	return isR1 ? R1 : CHATML;
}

const R1 = `{{- bos_token -}}
{%- for message in messages -%}
{%- if message.role == 'system' -%}{{- message.content -}}{%- endif -%}
{%- endfor -%}
{%- for message in messages -%}
{%- if message.role == 'user' -%}{{- '<｜User｜>' + message.content -}}
{%- elif message.role == 'assistant' -%}{{- '<｜Assistant｜>' + (message.content or '') + eos_token -}}
{%- elif message.role == 'tool' -%}{{- '<｜User｜>' + message.content -}}
{%- endif -%}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<｜Assistant｜><think>\\n' -}}{%- endif -%}`;

const CHATML = `{%- for message in messages -%}
{{- '<|im_start|>' + message.role + '\\n' + (message.content or '') + '<|im_end|>\\n' -}}
{%- endfor -%}
{%- if add_generation_prompt -%}{{- '<|im_start|>assistant\\n' -}}{%- endif -%}`;
