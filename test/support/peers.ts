import { Peer } from '../../src/pool/lending/peer.ts';

/** Both ends of a channel that carries JSON and keeps its order, as the one between two processes. */
export function peerPair(): { left: Peer; right: Peer } {
	const carry = (to: () => Peer) => (message: object) => {
		const text = JSON.stringify(message);
		setImmediate(() => to().receive(JSON.parse(text)));
	};
	const left: Peer = new Peer(carry(() => right));
	const right: Peer = new Peer(carry(() => left));
	return { left, right };
}
