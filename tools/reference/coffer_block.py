"""Blocks and accounts as bytes: docs/spec/block.md and state-tree.md sections 2 and 3."""

from dataclasses import dataclass

from coffer_encoding import (
    BIP340, NO_KEYS, Policy, Reader, Tree, listed, require, strictly_ascending, tagged, unsigned, valid_signature,
)
from coffer_chainspec import Chainspec
from coffer_transaction import MAXIMUM_TRANSACTION_BYTES, Transaction, decode_transaction

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
        require(header.version == 1, "unknownVersion", f"the header's version is {header.version}, not 1")
        return header

    def block_hash(self) -> bytes:
        return tagged("coffer/block/v1", self.encode())

    def attested_hash(self) -> bytes:
        """What a validator signs (block.md 2)."""
        return tagged("coffer/attestation/v1", self.network + self.block_hash())


@dataclass(frozen=True)
class CertifiedBlock:
    header: Header
    transactions: tuple[Transaction, ...]
    attestations: tuple[tuple[int, bytes], ...]

    def encode(self) -> bytes:
        """The certified block (block.md 2)."""
        return self.header.encode() + b"".join(
            unsigned(len(item.data), 4) + item.data for item in self.transactions) + listed(
            2, [unsigned(validator, 2) + signature for validator, signature in self.attestations])

    @staticmethod
    def decode(data: bytes) -> "CertifiedBlock":
        reader = Reader(data)
        header = Header.decode(reader.take(HEADER_BYTES))
        require(header.transaction_count <= MAXIMUM_BLOCK_TRANSACTIONS, "countOutOfRange",
                f"{header.transaction_count} transactions")
        require(header.system_entry_count == 0, "countOutOfRange", "system entries, which rules version 1 has not")
        transactions = tuple(
            decode_transaction(reader.take(reader.count(4, 0, MAXIMUM_TRANSACTION_BYTES, "bytes of transaction",
                                                        "tooLarge")))
            for _ in range(header.transaction_count))
        require(reader.position <= MAXIMUM_BLOCK_BYTES, "tooLarge", f"a block of more than {MAXIMUM_BLOCK_BYTES} bytes")
        attestations = tuple((reader.unsigned(2), reader.take(64)) for _ in range(
            reader.count(2, 0, MAXIMUM_ATTESTATIONS, "attestations")))
        require(strictly_ascending([validator for validator, _ in attestations]), "unsortedAttestations",
                "the attestations are not ascending")
        reader.end()
        return CertifiedBlock(header, transactions, attestations)


def transaction_tree(transactions) -> Tree:
    """The tree of block.md 3; rules version 1 has no system entries."""
    return Tree(b"\x00" + transaction.data for transaction in transactions)


def valid_attestation(chainspec: Chainspec, header: Header, validator: int, signature: bytes) -> bool:
    """Whether an attestation by a validator that exists is its signature of the block (block.md 2)."""
    return valid_signature(BIP340, chainspec.validators[validator].block_key, header.attested_hash(), signature)


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

    def outstanding(self) -> int:
        """What the bank owes, of a liability account."""
        return self.debits_posted - self.credits_posted

    def possible(self, kind: int) -> bool:
        """Whether an account of this kind can have the counters (state-tree.md 2, item 12)."""
        return (self.outstanding() if kind == LIABILITY else self.available()) >= 0


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
        reader.count(1, 1, 1, "as the account's version", "unknownVersion")
        kind = reader.count(1, 0, 3, "as the account's kind", "unknownKind")
        status = reader.count(1, 0, 4, "as a status", "unknownStatus")
        tier, institution, index = reader.unsigned(1), reader.unsigned(2), reader.unsigned(8)
        identity, height = reader.take(32), reader.unsigned(8)
        if kind == LIABILITY:
            require(reader.take(3) == NO_KEYS.encode(), "countOutOfRange", "a liability account with keys")
        policy = NO_KEYS if kind == LIABILITY else Policy.read(reader)
        count, entry_hash, assets, balances = reader.unsigned(8), reader.take(32), [], {}
        for _ in range(reader.count(2, 0, 64, "balances")):
            assets.append(reader.unsigned(2))
            balances[assets[-1]] = Balance(*(reader.unsigned(16) for _ in range(4)))
            require(balances[assets[-1]].possible(kind), "negativeBalance", "a balance below zero")
        require(strictly_ascending(assets), "unsortedBalances", "the balances are not ascending by asset")
        reader.end()
        return Account(kind, status, tier, institution, index, identity, height, policy, count, entry_hash, balances)


OPENED, DEBITED, CREDITED, KEYS_ROTATED, STATUS_SET = 1, 2, 3, 4, 5
NO_ASSET = 0xFFFF


@dataclass(frozen=True)
class Entry:
    """One line of an account's history (state-tree.md 3)."""

    height: int
    transaction: int
    operation: int
    item: int
    kind: int
    asset: int
    amount: int
    id: bytes

    SIZES = (8, 4, 2, 2, 1, 2, 8)

    def encode(self) -> bytes:
        numbers = (self.height, self.transaction, self.operation, self.item, self.kind, self.asset, self.amount)
        return b"".join(unsigned(n, size) for n, size in zip(numbers, self.SIZES)) + self.id

    def hash_after(self, previous: bytes) -> bytes:
        return tagged("coffer/entry/v1", previous + self.encode())
