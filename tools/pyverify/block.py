"""docs/spec/block.md: headers, blocks, attestations."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from .chainspec import Chainspec
from .encoding import BIP340, NotCanonical, Reader, Tree, require, tagged, unsigned, valid_signature
from .transaction import MAXIMUM_TRANSACTION_BYTES, Transaction, decode_transaction

MAXIMUM_BLOCK_BYTES = 33_554_432
MAXIMUM_BLOCK_TRANSACTIONS = 65_536
MAXIMUM_ATTESTATIONS = 64
HEADER = struct.Struct(">HH32sQQ32s32s32s32s32sIIQH")  # 230 bytes


class Header(NamedTuple):
    """The fields in the order of section 1."""

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

    def encode(self) -> bytes:
        return HEADER.pack(*self)

    @staticmethod
    def read(reader: Reader) -> "Header":
        version = reader.count(2, 1, 1, "as the header's version", "unknownVersion")
        return Header(*HEADER.unpack(unsigned(version, 2) + reader.take(HEADER.size - 2)))

    @staticmethod
    def decode(data: bytes) -> "Header":
        reader = Reader(data)
        header = Header.read(reader)
        reader.end()
        return header

    def block_hash(self) -> bytes:
        return tagged("coffer/block/v1", self.encode())

    def attested_hash(self) -> bytes:
        """What a validator signs (section 2)."""
        return tagged("coffer/attestation/v1", self.network + self.block_hash())


@dataclass(slots=True)
class CertifiedBlock:
    header: Header
    transactions: tuple[Transaction, ...]
    attestations: tuple[tuple[int, bytes], ...]  # validator and signature

    @staticmethod
    def decode(data: bytes) -> "CertifiedBlock":
        """A certified block (section 2); an offence within a transaction has its `index` as place."""
        reader = Reader(data)
        header = Header.read(reader)
        require(header.transaction_count <= MAXIMUM_BLOCK_TRANSACTIONS, "countOutOfRange",
                f"{header.transaction_count} transactions")
        require(header.system_entry_count == 0, "countOutOfRange", "system entries, which rules version 1 has not")
        transactions = []
        for index in range(header.transaction_count):
            try:
                size = reader.count(4, 0, MAXIMUM_TRANSACTION_BYTES, "bytes of transaction", "tooLarge")
                transactions.append(decode_transaction(reader.take(size)))
            except NotCanonical as error:
                raise NotCanonical(error.code, f"transaction {index}: {error}", index=index) from None
        require(reader.position <= MAXIMUM_BLOCK_BYTES, "tooLarge", f"a block of more than {MAXIMUM_BLOCK_BYTES} bytes")
        attestations, latest = [], -1
        for _ in range(reader.count(2, 0, MAXIMUM_ATTESTATIONS, "attestations")):
            attestations.append((reader.unsigned(2), reader.take(64)))
            require(latest < attestations[-1][0], "unsortedAttestations", "the attestations are not ascending")
            latest = attestations[-1][0]
        reader.end()
        return CertifiedBlock(header, tuple(transactions), tuple(attestations))


def transaction_root(transactions) -> bytes:
    """The root of the tree of section 3; rules version 1 has no system entries."""
    return Tree(b"\x00" + transaction.data for transaction in transactions).root()


def valid_attestation(chainspec: Chainspec, header: Header, validator: int, signature: bytes) -> bool:
    """Whether an attestation by a validator that exists is its signature of the block (section 2)."""
    return valid_signature(BIP340, chainspec.validators[validator].block_key, header.attested_hash(), signature)
