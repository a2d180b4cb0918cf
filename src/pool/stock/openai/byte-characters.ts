/** GPT-2's way to write any byte as a character that can be seen: these stand for themselves, the rest follow from U+0100 on. */
const VISIBLE: readonly (readonly [number, number])[] = [
	[0x21, 0x7e],
	[0xa1, 0xac],
	[0xae, 0xff],
];

const BYTES = new Map<string, Uint8Array>();
let next = 0x100;
for (let byte = 0; byte < 256; byte++) {
	const isVisible = VISIBLE.some(([from, to]) => byte >= from && byte <= to);
	BYTES.set(String.fromCodePoint(isVisible ? byte : next++), Uint8Array.of(byte));
}

/** The byte that a character of a byte-level vocabulary stands for; what stands for none is itself. */
export function byteOfCharacter(character: string): Uint8Array {
	return BYTES.get(character) ?? Buffer.from(character);
}
