import { InvalidArgumentError } from 'commander';

/** A commander parser for whole numbers; a wrong value's error says which flag and what would be right. */
export function integerFrom(minimum: number, maximum: number) {
	return (text: string): number => {
		const value = Number(text);
		if (/^\d+$/.test(text) && value >= minimum && value <= maximum) return value;
		const range = maximum === Number.MAX_SAFE_INTEGER ? `of at least ${minimum}` : `from ${minimum} to ${maximum}`;
		throw new InvalidArgumentError(`It has to be an integer ${range}.`);
	};
}

export function gpuLayers(text: string): number | 'auto' | 'max' {
	if (text === 'auto' || text === 'max') return text;
	if (/^\d{1,6}$/.test(text)) return Number(text);
	throw new InvalidArgumentError('It has to be auto, max or a number of layers.');
}
