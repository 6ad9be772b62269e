"""Makes what pyverify checks: blocks, receipts, proofs of every kind, checkpoints and exports (the pages of these names)."""

import base64
import copy
from pathlib import Path

import nacl.signing

from coffer_keys import inclusion_path
from pyverify.block import CertifiedBlock, Header, transaction_root
from pyverify.chain import Chain
from pyverify.chainspec import Chainspec
from pyverify.checkpoint import checkpoint_key_id, origin, signed_text
from pyverify.encoding import Tree, listed, sha256, unsigned
from pyverify.export import HEADER_BYTES, MAXIMUM_SEGMENT_BYTES, segment_header
from pyverify.state_tree import Entry, State


class RecordingState(State):
    """A state that keeps every entry, in the order of effects."""

    def __init__(self, chainspec: Chainspec):
        self.entries: list[tuple[bytes, Entry]] = []  # with the account's id
        super().__init__(chainspec)

    def append(self, account, entry: Entry) -> None:
        super().append(account, entry)
        self.entries.append((account.id, entry))


def recording_chain(spec: Chainspec) -> Chain:
    chain = Chain(spec)
    chain.state = RecordingState(spec)
    return chain


def apply_to_copy(chain: Chain, transaction, time: int) -> Chain:
    """The chain with this transaction applied first in its next block; the one given stays as it is."""
    changed = copy.deepcopy(chain)
    changed.apply(transaction, chain.header.height + 1, time, 0)
    return changed


def next_header(chain: Chain, transactions, time: int, proposer: int) -> Header:
    """The header that the next block must have, once its transactions are applied (block.md 1)."""
    height, spec = chain.header.height + 1, chain.chainspec
    return Header(1, spec.rules_at(height), spec.network, height, time, chain.header.block_hash(),
                  transaction_root(transactions), chain.state.root(), chain.state.supply_root(), chain.history.root(),
                  len(transactions), 0, len(chain.state.accounts), proposer)


def block_bytes(block: CertifiedBlock) -> bytes:
    """The certified block (block.md 2)."""
    return block.header.encode() + b"".join(
        unsigned(len(item.data), 4) + item.data for item in block.transactions) + listed(
        2, [unsigned(validator, 2) + signature for validator, signature in block.attestations])


def receipt_json(block: CertifiedBlock, index: int, memo: tuple[bytes, str] | None = None) -> dict:
    """The receipt of a transaction of a final block (proofs.md 1)."""
    tree = Tree(b"\x00" + transaction.data for transaction in block.transactions)
    result = {"format": "coffer-receipt/v1", "transaction": block.transactions[index].data.hex(), "index": index,
              "path": [h.hex() for h in inclusion_path(tree, index)], "header": block.header.encode().hex(),
              "attestations": attestations_json(block.attestations)}
    return result | ({"memo": {"salt": memo[0].hex(), "text": memo[1]}} if memo else {})


def balance_json(state: State, account: bytes, header: Header, attestations) -> dict:
    """The proof of an account's state after the block of this header (proofs.md 2)."""
    state.settle()
    found = state.by_id[account]
    return {"format": "coffer-balance/v1", "account": found.encode().hex(),
            "path": [h.hex() for h in inclusion_path(state.tree, found.index)], "header": header.encode().hex(),
            "attestations": attestations_json(attestations)}


def attestations_json(attestations) -> list[dict]:
    return [{"validator": validator, "signature": signature.hex()} for validator, signature in attestations]


def range_path(leaves: list[bytes], first: int, count: int) -> list[bytes]:
    """The hashes of the largest subtrees that have none of some neighbouring leaves, from left to right (proofs.md 5, item 4)."""
    def path(start: int, end: int) -> list[bytes]:
        if end <= first or start >= first + count:
            return [Tree(leaves[start:end]).root()]
        if end - start == 1:
            return []
        middle = start + (1 << (end - start - 1).bit_length() - 1)
        return path(start, middle) + path(middle, end)
    return path(0, len(leaves))


def consistency_path(leaves: list[bytes], old: int) -> list[bytes]:
    """PROOF(old, leaves) of RFC 6962 section 2.1.2 (checkpoint.md 3, item 4)."""
    def subproof(old: int, start: int, end: int, whole: bool) -> list[bytes]:
        if old == end - start:
            return [] if whole else [Tree(leaves[start:end]).root()]
        split = 1 << (end - start - 1).bit_length() - 1
        if old <= split:
            return subproof(old, start, start + split, whole) + [Tree(leaves[start + split:end]).root()]
        return subproof(old - split, start + split, end, False) + [Tree(leaves[start:start + split]).root()]
    return subproof(old, 0, len(leaves), True)


def signature_line(name: str, seed: bytes, text: bytes) -> bytes:
    """A line under a signed text, by the Ed25519 key of a seed (checkpoint.md 1, item 3)."""
    key = nacl.signing.SigningKey(seed)
    return signature_text(name, checkpoint_key_id(name, bytes(key.verify_key)) + key.sign(text).signature)


def signature_text(name: str, packed: bytes) -> bytes:
    """A signature line of a name and the bytes that its base64 holds."""
    return f"\u2014 {name} {base64.b64encode(packed).decode()}\n".encode()


def checkpoint_text(chainspec: Chainspec, size: int, root: bytes, seeds: list[bytes]) -> bytes:
    """A checkpoint signed with the seeds of validators' checkpoint keys."""
    text = signed_text(chainspec, size, root)
    return text + b"\n" + b"".join(signature_line(origin(chainspec), seed, text) for seed in seeds)


def frame(block: bytes) -> bytes:
    framed = unsigned(len(block), 4) + block
    return framed + sha256(framed)


def export_files(network: bytes, blocks: list[CertifiedBlock], checkpoint: bytes) -> dict[str, bytes]:
    """The files of an export (export.md 1 and 2)."""
    segments = [bytearray(segment_header(network, 1))]
    for block in blocks:
        framed = frame(block_bytes(block))
        if len(segments[-1]) > HEADER_BYTES and len(segments[-1]) + len(framed) > MAXIMUM_SEGMENT_BYTES:
            segments.append(bytearray(segment_header(network, block.header.height)))
        segments[-1] += framed
    return {f"blocks-{number:08}.coffer": bytes(segment) for number, segment in enumerate(segments)} | {
        "checkpoint": checkpoint}


def write_export(directory: Path, files: dict[str, bytes]) -> None:
    directory.mkdir()
    for name, data in files.items():
        (directory / name).write_bytes(data)
