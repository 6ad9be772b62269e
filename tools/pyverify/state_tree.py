"""docs/spec/state-tree.md: accounts, entry chains, the state tree and the supply tree; and the genesis state."""

import struct
from dataclasses import dataclass
from typing import NamedTuple

from .chainspec import Chainspec
from .encoding import NO_KEYS, Policy, Reader, Tree, require, tagged

INSTITUTION, BANK_ISSUED, WALLET_HELD, LIABILITY = range(4)
KIND_NAMES = ("institution", "bankIssued", "walletHeld", "liability")
ACTIVE, CLOSED = 0, 4
DEBITS_FROZEN, CREDITS_FROZEN = (1, 3), (2, 3)  # the statuses of transaction.md 2 that freeze each side
MAXIMUM_COUNTER = (1 << 128) - 1
ACCOUNT_HEAD = struct.Struct(">BBBBHQ32sQ")  # items 1 to 8 of section 2
ENTRY = struct.Struct(">QIHHBHQ32s")  # 59 bytes
OPENED, DEBITED, CREDITED, KEYS_ROTATED, STATUS_SET = range(1, 6)
ENTRY_NAMES = {OPENED: "opened", DEBITED: "debit", CREDITED: "credit", KEYS_ROTATED: "keysRotated", STATUS_SET: "statusSet"}
NO_ASSET = 0xFFFF
SUPPLY_SIZES = (2, 2, 8) + (16,) * 7  # bytes of the fields of section 4


@dataclass(slots=True)
class Balance:
    """Four counters that only grow (rules.md 1), in the order of section 2, item 12."""

    credits_posted: int = 0
    debits_posted: int = 0
    credits_pending: int = 0
    debits_pending: int = 0

    def encode(self) -> bytes:
        return (self.credits_posted << 384 | self.debits_posted << 256 | self.credits_pending << 128
                | self.debits_pending).to_bytes(64, "big")

    def posted(self) -> int:
        return self.credits_posted - self.debits_posted

    def available(self) -> int:
        return self.credits_posted - self.debits_posted - self.debits_pending

    def outstanding(self) -> int:
        """What the bank owes, of a liability account."""
        return self.debits_posted - self.credits_posted


@dataclass(slots=True)
class Account:
    """An account, and a leaf of the state tree when encoded (section 2)."""

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
        head = ACCOUNT_HEAD.pack(1, self.kind, self.status, self.tier, self.institution, self.index, self.id,
                                 self.opened_height)
        return b"".join([
            head, self.policy.encode(), self.entry_count.to_bytes(8, "big"), self.entry_hash,
            len(self.balances).to_bytes(2, "big"),
            *[asset.to_bytes(2, "big") + balance.encode() for asset, balance in sorted(
                self.balances.items(), key=lambda item: item[0])]])

    def balance(self, asset: int) -> Balance:
        """The balance to read; one that the account does not have yet is all zeros."""
        return self.balances.get(asset) or Balance()

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
        count, entry_hash, latest, balances = reader.unsigned(8), reader.take(32), -1, {}
        for _ in range(reader.count(2, 0, 64, "balances")):
            asset, balance = reader.unsigned(2), Balance(*(reader.unsigned(16) for _ in range(4)))
            least = balance.outstanding() if kind == LIABILITY else balance.available()
            require(least >= 0, "negativeBalance", "a balance below zero")
            require(latest < asset, "unsortedBalances", "the balances are not ascending by asset")
            balances[asset], latest = balance, asset
        reader.end()
        return Account(kind, status, tier, institution, index, identity, height, policy, count, entry_hash, balances)


class Entry(NamedTuple):
    """One line of an account's history (section 3)."""

    height: int
    transaction: int
    operation: int
    item: int
    kind: int
    asset: int
    amount: int
    id: bytes

    def encode(self) -> bytes:
        return ENTRY.pack(*self)

    @staticmethod
    def decode(data: bytes) -> "Entry":
        reader = Reader(data)
        entry = Entry(*ENTRY.unpack(reader.take(ENTRY.size)))
        require(OPENED <= entry.kind <= STATUS_SET, "unknownKind", f"an entry of kind {entry.kind}")
        reader.end()
        return entry

    def hash_after(self, previous: bytes) -> bytes:
        return tagged("coffer/entry/v1", previous + self.encode())


class SupplyRecord(NamedTuple):
    """A leaf of the supply tree (section 4)."""

    asset: int
    institution: int
    quota: int
    issued: int
    redeemed: int
    outstanding: int
    balances: int
    held: int
    frozen: int
    reserve_attested: int

    def encode(self) -> bytes:
        return struct.pack(">HHQ", *self[:3]) + b"".join(value.to_bytes(16, "big") for value in self[3:])

    @staticmethod
    def decode(data: bytes) -> "SupplyRecord":
        reader = Reader(data)
        record = SupplyRecord(*(reader.unsigned(size) for size in SUPPLY_SIZES))
        reader.end()
        require(record.issued - record.redeemed == record.outstanding, "negativeBalance",
                "the outstanding amount is not what was issued less what was redeemed")
        return record


class State:
    """All accounts in the order of their indexes, the state tree over them, and the sums of the supply tree.

    Leaves and sums of changed accounts are brought up to date when a root is asked for: once a block.
    """

    def __init__(self, chainspec: Chainspec):
        """The genesis state (chainspec.md 3)."""
        self.chainspec = chainspec
        self.accounts: list[Account] = []
        self.by_id: dict[bytes, Account] = {}
        self.tree = Tree()
        self.changed: set[int] = set()
        # By asset and institution: balances, held and frozen; and what each account is counted with there.
        self.sums: dict[tuple[int, int], list[int]] = {}
        self.counted: dict[int, list[tuple[tuple[int, int], tuple[int, int, int]]]] = {}
        self.liabilities: dict[tuple[int, int], Account] = {}  # by asset and bank
        for position, institution in enumerate(chainspec.institutions):
            self.open(INSTITUTION, 0, position, chainspec.institution_account(position), 0, institution.policy)
        for asset, item in enumerate(chainspec.assets):
            for bank in item.quotas:
                identity = chainspec.liability_account(asset, bank)
                self.liabilities[asset, bank] = self.open(LIABILITY, 0, bank, identity, 0, NO_KEYS)

    def open(self, kind: int, tier: int, institution: int, identity: bytes, height: int, policy: Policy) -> Account:
        """A new account, with the next index."""
        account = Account(kind, ACTIVE, tier, institution, len(self.accounts), identity, height, policy, 0, bytes(32), {})
        self.accounts.append(account)
        self.by_id[identity] = account
        self.changed.add(account.index)
        return account

    def append(self, account: Account, entry: Entry) -> None:
        """Makes an entry the latest of an account's chain (section 3). Whatever changes an account ends here."""
        account.entry_hash = entry.hash_after(account.entry_hash)
        account.entry_count += 1
        self.changed.add(account.index)

    def settle(self) -> None:
        """Brings the tree's leaves and the sums up to date with the accounts that changed."""
        for index in self.changed:
            account = self.accounts[index]
            for place, values in self.counted.pop(index, ()):
                self.sums[place] = [total - value for total, value in zip(self.sums[place], values)]
            if account.kind != LIABILITY and account.balances:
                self.counted[index] = [
                    ((asset, account.institution),
                     (b.posted(), b.debits_pending, b.posted() if account.status in DEBITS_FROZEN else 0))
                    for asset, b in account.balances.items()]
                for place, values in self.counted[index]:
                    self.sums[place] = [total + value for total, value in zip(self.sums.get(place, (0, 0, 0)), values)]
        self.tree.update({index: self.accounts[index].encode() for index in self.changed})
        self.changed.clear()

    def root(self) -> bytes:
        self.settle()
        return self.tree.root()

    def supply(self) -> list[SupplyRecord]:
        """The supply tree's leaves, in order (section 4)."""
        self.settle()
        records = []
        for asset, item in enumerate(self.chainspec.assets):
            for institution in range(len(self.chainspec.institutions)):
                liability = self.liabilities.get((asset, institution))
                owed = liability.balance(asset) if liability else Balance()
                records.append(SupplyRecord(
                    asset, institution, item.quotas.get(institution, 0), owed.debits_posted, owed.credits_posted,
                    owed.outstanding(), *self.sums.get((asset, institution), (0, 0, 0)), 0))
        return records

    def supply_root(self) -> bytes:
        return Tree(record.encode() for record in self.supply()).root()
