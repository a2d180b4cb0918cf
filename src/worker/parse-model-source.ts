import { configError } from '../errors.ts';

/** Where a model comes from, read off `--model` or a config's `source`. */
export type ModelSource =
	| { type: 'file'; path: string }
	/** Whatever file the hub names for a quantisation; `latest` is its default. */
	| { type: 'quant'; user: string; repo: string; quant: string }
	| { type: 'hub-file'; user: string; repo: string; file: string; revision: string };

const NAME = /^[A-Za-z0-9][A-Za-z0-9._-]*$/;

/**
 * Understands a path, `hf:user/repo`, `hf:user/repo:QUANT` and `hf:user/repo/folder/file.gguf#revision`.
 * Throws `config_error` for anything else that looks like a URI.
 */
export function parseModelSource(source: string): ModelSource {
	if (!source.startsWith('hf:')) {
		if (/^[a-z][a-z0-9+.-]+:\/\//i.test(source))
			throw configError(`cannot load ${source}: a model is a GGUF file or hf:user/repo:QUANT`);
		return { type: 'file', path: source };
	}
	const [user = '', rest = '', ...folders] = source.slice('hf:'.length).split('/');
	const wrong = () => configError(`${source} is not right: hf:user/repo:QUANT or hf:user/repo/file.gguf`);
	if (folders.length === 0) {
		const colon = rest.indexOf(':');
		const repo = colon < 0 ? rest : rest.slice(0, colon);
		const quant = colon < 0 ? 'latest' : rest.slice(colon + 1);
		if (![user, repo, quant].every((part) => NAME.test(part))) throw wrong();
		return { type: 'quant', user, repo, quant };
	}
	const [file = '', revision = 'main', ...surplus] = folders.join('/').split('#');
	const parts = file.split('/');
	if (![user, rest, ...parts, ...revision.split('/')].every((part) => NAME.test(part))) throw wrong();
	if (surplus.length > 0 || !file.toLowerCase().endsWith('.gguf')) throw wrong();
	return { type: 'hub-file', user, repo: rest, file, revision };
}
