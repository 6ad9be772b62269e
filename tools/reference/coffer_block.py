"""Blocks, accounts and checkpoints as bytes: docs/spec/block.md, state-tree.md section 2 and checkpoint.md."""

import base64
import re
from dataclasses import dataclass

import nacl.signing

from coffer_encoding import (
    BIP340, DoesNotHold, NO_KEYS, Policy, Reader, Tree, Unreadable, json_string, listed, require, sha256,
    strictly_ascending, tagged, unsigned, valid_ed25519, valid_signature,
)
from coffer_transaction import (
    Chainspec, MAXIMUM_TRANSACTION_BYTES,
)

# ---------------------------------------------------------------- block.md

MAXIMUM_BLOCK_BYTES = 33_554_432
MAXIMUM_BLOCK_TRANSACTIONS = 65_536
MAXIMUM_ATTESTATIONS = 64
HEADER_BYTES = 230


@dataclass(frozen=True)
class Header:
    """The fields in the order of block.md 1."""

    version: int
    rules: int
    network: bytes
    height: int
    time: int
    parent: bytes
    transaction_root: bytes
    state_root: bytes
    supply_root: bytes
    history_root: bytes
    transaction_count: int
    system_entry_count: int
    account_count: int
    proposer: int

    SIZES = (2, 2, 32, 8, 8, 32, 32, 32, 32, 32, 4, 4, 8, 2)

    def encode(self) -> bytes:
        values = [getattr(self, name) for name in self.__dataclass_fields__]
        return b"".join(v if isinstance(v, bytes) else unsigned(v, size) for v, size in zip(values, self.SIZES))

    @staticmethod
    def decode(data: bytes) -> "Header":
        reader = Reader(data)
        values = [reader.take(size) if size == 32 else reader.unsigned(size) for size in Header.SIZES]
        reader.end()
        header = Header(*values)
        require(header.version == 1, f"the header's version is {header.version}, not 1")
        return header

    def block_hash(self) -> bytes:
        return tagged("coffer/block/v1", self.encode())

    def attested_hash(self) -> bytes:
        """What a validator signs (block.md 2)."""
        return tagged("coffer/attestation/v1", self.network + self.block_hash())


@dataclass(frozen=True)
class CertifiedBlock:
    header: Header
    transactions: tuple[bytes, ...]  # canonical
    system_entries: tuple[bytes, ...]
    attestations: tuple[tuple[int, bytes], ...]

    def encode(self) -> bytes:
        """The certified block (block.md 2)."""
        return self.header.encode() + b"".join(
            unsigned(len(item), 4) + item for item in self.transactions + self.system_entries) + listed(
            2, [unsigned(validator, 2) + signature for validator, signature in self.attestations])

    @staticmethod
    def decode(data: bytes) -> "CertifiedBlock":
        reader = Reader(data)
        header = Header.decode(reader.take(HEADER_BYTES))
        require(header.transaction_count <= MAXIMUM_BLOCK_TRANSACTIONS, f"{header.transaction_count} transactions")
        transactions = tuple(reader.take(reader.count(4, 1, MAXIMUM_TRANSACTION_BYTES, "bytes of transaction"))
                             for _ in range(header.transaction_count))
        require(header.system_entry_count == 0, "system entries, which rules version 1 does not have")
        require(reader.position <= MAXIMUM_BLOCK_BYTES, f"a block of more than {MAXIMUM_BLOCK_BYTES} bytes")
        attestations = tuple((reader.unsigned(2), reader.take(64)) for _ in range(
            reader.count(2, 0, MAXIMUM_ATTESTATIONS, "attestations")))
        require(strictly_ascending([validator for validator, _ in attestations]), "the attestations are not ascending")
        reader.end()
        return CertifiedBlock(header, transactions, (), attestations)


def transaction_tree(transactions) -> Tree:
    """The tree of block.md 3; rules version 1 has no system entries."""
    return Tree(b"\x00" + transaction for transaction in transactions)


def check_attestations(chainspec: Chainspec, header: Header, attestations: list[tuple[int, bytes]]) -> None:
    """Finality (block.md 4; proofs.md 1 item 4): a quorum, ascending, every one valid."""
    numbers, block = [validator for validator, _ in attestations], f"the block at height {header.height}"
    if len(numbers) > MAXIMUM_ATTESTATIONS or not strictly_ascending(numbers):
        raise DoesNotHold(f"the attestations of {block} are not in ascending order of validators, or too many")
    for validator, signature in attestations:
        if validator >= len(chainspec.validators):
            raise DoesNotHold(f"there is no validator {validator} to attest {block}")
        if not valid_signature(BIP340, chainspec.validators[validator].block_key, header.attested_hash(), signature):
            raise DoesNotHold(f"the attestation of {block} by validator {validator} is not valid")
    if len(numbers) < chainspec.quorum:
        raise DoesNotHold(f"{block} has {len(numbers)} attestations, {chainspec.quorum} make it final")


# ---------------------------------------------------------------- state-tree.md

ACCOUNT_KINDS = {"institution": 0, "bankIssued": 1, "walletHeld": 2, "liability": 3}
INSTITUTION, LIABILITY = 0, 3
MAXIMUM_COUNTER = (1 << 128) - 1


@dataclass
class Balance:
    """Four counters that only grow (rules.md 1), in the order of state-tree.md 2."""

    credits_posted: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    debits_pending: int = 0

    def available(self) -> int:
        return self.credits_posted - self.debits_posted - self.debits_pending


@dataclass
class Account:
    """An account, and a leaf of the state tree when encoded (state-tree.md 2)."""

    kind: int
    status: int
    tier: int
    institution: int
    index: int
    id: bytes
    opened_height: int
    policy: Policy
    entry_count: int
    entry_hash: bytes
    balances: dict[int, Balance]

    def encode(self) -> bytes:
        return b"".join([
            unsigned(1, 1), unsigned(self.kind, 1), unsigned(self.status, 1), unsigned(self.tier, 1),
            unsigned(self.institution, 2), unsigned(self.index, 8), self.id, unsigned(self.opened_height, 8),
            self.policy.encode(), unsigned(self.entry_count, 8), self.entry_hash,
            listed(2, [unsigned(asset, 2) + unsigned(b.credits_posted, 16) + unsigned(b.debits_posted, 16)
                       + unsigned(b.credits_pending, 16) + unsigned(b.debits_pending, 16)
                       for asset, b in sorted(self.balances.items())])])

    @staticmethod
    def decode(data: bytes) -> "Account":
        reader = Reader(data)
        reader.count(1, 1, 1, "as the account's version")
        kind, status = reader.count(1, 0, 3, "as the account's kind"), reader.count(1, 0, 4, "as a status")
        tier, institution, index = reader.unsigned(1), reader.unsigned(2), reader.unsigned(8)
        identity, height = reader.take(32), reader.unsigned(8)
        if kind == LIABILITY:
            require(reader.take(3) == NO_KEYS.encode(), "a liability account with keys")
        policy = NO_KEYS if kind == LIABILITY else Policy.read(reader)
        count, entry_hash, assets, balances = reader.unsigned(8), reader.take(32), [], {}
        for _ in range(reader.count(2, 0, 64, "balances")):
            assets.append(reader.unsigned(2))
            balances[assets[-1]] = Balance(*(reader.unsigned(16) for _ in range(4)))
        require(strictly_ascending(assets), "the balances are not ascending by asset")
        reader.end()
        return Account(kind, status, tier, institution, index, identity, height, policy, count, entry_hash, balances)


# ---------------------------------------------------------------- checkpoint.md


def origin(chainspec: Chainspec) -> str:
    return "coffer/" + chainspec.network.hex()


def checkpoint_key_id(chainspec: Chainspec, public: bytes) -> bytes:
    return sha256(origin(chainspec).encode() + b"\x0a\x01" + public)[:4]


def checkpoint_text(chainspec: Chainspec, size: int, root: bytes, seeds: list[bytes]) -> bytes:
    """A checkpoint signed with Ed25519 seeds (checkpoint.md 1)."""
    text = f"{origin(chainspec)}\n{size}\n{base64.b64encode(root).decode()}\n".encode()
    lines = []
    for seed in seeds:
        key = nacl.signing.SigningKey(seed)
        packed = checkpoint_key_id(chainspec, bytes(key.verify_key)) + key.sign(text).signature
        lines.append(f"\u2014 {origin(chainspec)} {base64.b64encode(packed).decode()}\n".encode())
    return text + b"\n" + b"".join(lines)


def base64_bytes(text: str) -> bytes:
    """Standard base64 with padding, in its only form."""
    try:
        value = base64.b64decode(text, validate=True)
    except ValueError:
        raise Unreadable(f"{text!r} is not base64") from None
    if base64.b64encode(value).decode() != text:
        raise Unreadable(f"{text!r} is not base64 in its only form")
    return value


def check_checkpoint(chainspec: Chainspec, text: bytes) -> tuple[int, bytes]:
    """The size and root of a checkpoint that holds (checkpoint.md 2)."""
    signed, separator, notes = text.partition(b"\n\n")
    try:
        lines, note_lines = signed.decode("utf-8").split("\n"), notes.decode("utf-8").split("\n")
    except UnicodeDecodeError:
        raise Unreadable("the checkpoint is not UTF-8") from None
    if not separator or len(lines) != 3 or note_lines.pop() != "" or not note_lines:
        raise Unreadable("a checkpoint has three lines, an empty line and signature lines, each ended by a newline")
    if lines[0] != origin(chainspec):
        raise DoesNotHold(f"the checkpoint is of {lines[0]}, not of {origin(chainspec)}")
    size = int(json_string(lines[1], "[1-9][0-9]{0,19}", "the checkpoint's size"))
    root = base64_bytes(lines[2])
    if len(root) != 32:
        raise Unreadable("the checkpoint's root does not have 32 bytes")
    signers = set()
    for line in note_lines:
        match = re.fullmatch("\u2014 ([^ +]+) ([^ ]+)", line)
        if not match:
            raise Unreadable(f"{line!r} is not a signature line")
        name, packed = match[1], base64_bytes(match[2])
        for number, validator in enumerate(chainspec.validators):
            if name == origin(chainspec) and packed[:4] == checkpoint_key_id(chainspec, validator.checkpoint_key):
                if not valid_ed25519(validator.checkpoint_key, signed + b"\n", packed[4:]):
                    raise DoesNotHold(f"the signature of validator {number} on the checkpoint is not valid")
                signers.add(number)
    if len(signers) < chainspec.quorum:
        raise DoesNotHold(f"{len(signers)} validators signed the checkpoint, {chainspec.quorum} are needed")
    return size, root
