"""The chain of the specifications' worked examples, on the development network and with its published keys."""

from pathlib import Path

from coffer_scene import Scene
from coffer_writing import balance_json, receipt_json
from pyverify.chainspec import Chainspec, chainspec_from_json
from pyverify.encoding import BIP340, ECDSA, tagged
from pyverify.transaction import Transaction, memo_commitment

PROJECT = Path(__file__).resolve().parents[2]
BANK_ISSUED, WALLET_HELD = 1, 2
DEBITS_FROZEN = 1
EUR, JPY = 0, 1
HOUR_MILLISECONDS = 3_600_000
MEMO = (bytes(range(0x20, 0x30)), "Invoice 7")
VALIDATORS = [("validator-1/block", "validator-1/checkpoint")]


def development_secret(name: str) -> bytes:
    """A published development key: anyone can compute it, so it protects nothing (encoding.md 2)."""
    return tagged("coffer/development-key/v1", name.encode("ascii"))


def development_chainspec() -> Chainspec:
    return published_chainspec("development")


def published_chainspec(name: str) -> Chainspec:
    return chainspec_from_json((PROJECT / "chainspec" / f"{name}.json").read_bytes())


class WorkedExample(Scene):
    """Five blocks; every transaction, account and balance proof of note has a name."""

    def __init__(self):
        super().__init__(development_chainspec(), development_secret, VALIDATORS)
        self.transactions: dict[str, tuple[int, int]] = {}  # by name: height and position
        self.state_leaves, self.supply_leaves = [], []  # by height
        self.balances: dict[str, dict] = {}
        self.keep_leaves()
        self.keep_balance("first-bank-at-genesis", "first-bank", ())
        self.make()

    def make(self) -> None:
        one_of = {name: self.policy(1, (BIP340, name, 1)) for name in ("alice", "bob", "alice/new")}
        shared = self.policy(2, (BIP340, "alice", 1), (BIP340, "bob", 1), (ECDSA, "second-bank", 2))
        self.add()
        self.add(("open-alice", "wallet-operator", self.open(
            "wallet-operator", ("alice", WALLET_HELD, 1, bytes(range(0x00, 0x10)), one_of["alice"]))),
            ("open-bob-and-shared", "first-bank", self.open(
                "first-bank", ("bob", BANK_ISSUED, 2, bytes(range(0x10, 0x20)), one_of["bob"]),
                ("shared", BANK_ISSUED, 0, bytes(range(0x30, 0x40)), shared))))
        self.add(("issue-euro", "first-bank", self.issue("first-bank", "alice", EUR, 100_00)),
                 ("issue-yen", "first-bank", self.issue("first-bank", "bob", JPY, 5000)))
        self.add(("payment", "alice", self.pay(("alice", "bob", EUR, 12_34))),
                 ("exchange", "alice bob", self.pay(("alice", "shared", EUR, 10_00), ("bob", "alice", JPY, 500))),
                 ("from-shared", "shared:2", self.pay(("shared", "bob", EUR, 1_50))))
        self.keep_balance("bob", "bob")
        self.keep_balance("shared", "shared")
        self.accounts["first-bank/EUR"] = self.spec.liability_account(EUR, 1)
        self.accounts["first-bank/JPY"] = self.spec.liability_account(JPY, 1)
        self.keep_balance("first-bank-owes", "first-bank/EUR")
        self.add(("redeem", "bob first-bank", self.redeem("first-bank", "bob", EUR, 2_34)),
                 ("rotate-alice", "alice", self.rotate("alice", *one_of["alice/new"])),
                 ("freeze-shared", "first-bank", self.status("shared", DEBITS_FROZEN)))
        self.keep_balance("alice-after-rotation", "alice")

    def add(self, *named) -> None:
        """The next block: its transactions by name, signers and operation."""
        transactions = []
        for name, signers, operation in named:
            memo = {"memo": memo_commitment(*MEMO)} if name == "payment" else {}
            transactions.append(self.transaction(
                operation, by=signers, expiry=self.spec.genesis_time + HOUR_MILLISECONDS, **memo))
            self.transactions[name] = len(self.blocks) + 1, len(transactions) - 1
        self.block(*transactions)
        self.keep_leaves()

    def keep_leaves(self) -> None:
        self.state_leaves.append([account.encode() for account in self.chain.state.accounts])
        self.supply_leaves.append([record.encode() for record in self.chain.state.supply()])

    def keep_balance(self, name: str, account: str, attestations=None) -> None:
        if attestations is None:
            attestations = self.blocks[-1].attestations
        self.balances[name] = balance_json(
            self.chain.state, self.accounts[account], self.chain.header, attestations)

    def named(self, name: str) -> Transaction:
        height, position = self.transactions[name]
        return self.blocks[height - 1].transactions[position]

    def receipt(self, name: str, memo: tuple[bytes, str] | None = None) -> dict:
        height, position = self.transactions[name]
        return receipt_json(self.blocks[height - 1], position, memo)
