"""Makes the golden chains of Tests/Golden: small chains that every release must replay to the same roots."""

import json
from pathlib import Path

import nacl.signing

from coffer_development import development_secret
from coffer_keys import public_key
from coffer_scene import Scene
from coffer_transaction import policy_json
from coffer_writing import balance_json, export_files, receipt_json
from pyverify.chainspec import chainspec_from_json
from pyverify.encoding import BIP340, ECDSA, Key, Policy, unsigned
from pyverify.transaction import OPENED_KINDS, STATUSES, memo_commitment

BANK_ISSUED, WALLET_HELD = OPENED_KINDS["bankIssued"], OPENED_KINDS["walletHeld"]
EUR, JPY, GOLD = 0, 1, 2
MEMO = (unsigned(2026, 16), "Rent for November, 2ème étage")


def secret(name: str) -> bytes:
    """A key of the golden chains: the development key `golden/…`, computable by anyone."""
    return development_secret(f"golden/{name}")


def named_policy(threshold: int, *keys: tuple[int, str, int]) -> Policy:
    return Policy(threshold, tuple(sorted(
        (Key(scheme, public_key(scheme, secret(name)), weight) for scheme, name, weight in keys),
        key=lambda key: (key.scheme, key.public))))


class Golden(Scene):
    """A network of two banks, of which one signs with two of three keys, and as many validators as asked for, all of which
    make the quorum."""

    OFFICERS = ((BIP340, "first-bank/a", 1), (BIP340, "first-bank/b", 1), (ECDSA, "first-bank/c", 1))

    def __init__(self, name: str, validators: int):
        self.names, self.all = [f"validator-{number + 1}" for number in range(validators)], tuple(range(validators))
        self.description = self.describe(name)
        super().__init__(chainspec_from_json(self.description), secret, [(name, name) for name in self.names])
        self.name, self.proofs = name, {}
        self.keys["first-bank"] = self.policy(2, *self.OFFICERS)[1]

    def describe(self, name: str) -> bytes:
        """The chain specification."""
        def institution(name: str, kind: str, policy: Policy) -> dict:
            return {"name": name, "kind": kind, "policy": policy_json(policy)}

        def validator(name: str) -> dict:
            return {"name": name, "institution": "second-bank" if name == "validator-2" else "first-bank",
                    "blockKey": public_key(BIP340, secret(name)).hex(),
                    "checkpointKey": bytes(nacl.signing.SigningKey(secret(name)).verify_key).hex()}

        def asset(code: str, decimals: int, **quotas: str) -> dict:
            return {"code": code, "decimals": decimals, "authority": "central-bank", "issuers": [
                {"bank": bank.replace("_", "-"), "quota": quota} for bank, quota in quotas.items()]}

        def one(name: str, scheme: int = BIP340) -> Policy:
            return named_policy(1, (scheme, name, 1))
        return (json.dumps({
            "format": "coffer-chainspec/v1", "development": True, "name": name, "addressPrefix": "gold",
            "genesisTime": "2026-01-01T00:00:00.000Z",
            "institutions": [
                institution("central-bank", "authority", one("central-bank")),
                institution("first-bank", "bank", named_policy(2, *self.OFFICERS)),
                institution("second-bank", "bank", one("second-bank", ECDSA)),
                institution("wallet-operator", "operator", one("wallet-operator")),
                institution("auditor", "auditor", one("auditor"))],
            "assets": [asset("EUR", 2, first_bank="1000.00", second_bank="500.00"), asset("JPY", 0, second_bank="1000000"),
                       asset("GOLD", 8, first_bank="10.00000000")],
            "validators": [validator(name) for name in self.names], "quorum": len(self.names),
            "rules": [{"fromHeight": 0, "version": 1}]}, indent=2) + "\n").encode()

    def add(self, *signed_operations: tuple, **how) -> None:
        """The next block: of each transaction who signs, then its operations."""
        transactions = [self.transaction(*operations, by=by) for by, *operations in signed_operations]
        self.block(*transactions, attesters=self.all, proposer=len(self.blocks) % len(self.names), **how)

    def person(self, name: str, kind: int, *keys: tuple[int, str, int], threshold: int = 1) -> tuple:
        return name, kind, len(self.accounts) % 4, unsigned(len(self.accounts), 16), self.policy(threshold, *keys)

    def prove(self, account: str, index: int, memo=None) -> None:
        """The proofs of the latest block that are kept beside the export."""
        last = self.blocks[-1]
        self.proofs["receipt"] = receipt_json(last, index, memo)
        self.proofs["balance"] = balance_json(self.chain.state, self.accounts[account], last.header, last.attestations)


def every_operation() -> Golden:
    """Every operation, status, scheme and kind of account, rotations of holders and of institutions, many signers."""
    e, bank = Golden("golden-every-operation", 1), "first-bank:0,1"
    e.add()
    e.add(("wallet-operator", e.open("wallet-operator", e.person("alice", WALLET_HELD, (BIP340, "alice", 1)),
                                     e.person("bob", WALLET_HELD, (ECDSA, "bob", 1)))),
          ("second-bank first-bank:1,2",
           e.open("first-bank", e.person("carol", BANK_ISSUED, (BIP340, "carol", 1))),
           e.open("second-bank", e.person("firm", BANK_ISSUED, (BIP340, "firm/a", 1), (BIP340, "firm/b", 1), (ECDSA, "firm/c", 1),
                                          threshold=2))))
    e.add((bank, e.issue("first-bank", "alice", EUR, 300_00), e.issue("first-bank", "carol", GOLD, 1_00000001)),
          ("second-bank", e.issue("second-bank", "firm", JPY, 9000)), ("second-bank", e.issue("second-bank", "bob", EUR, 5000)),
          after=0)
    e.add(("alice", e.pay(("alice", "bob", EUR, 12_34))), ("firm:0,2", e.pay(("firm", "alice", JPY, 500))),
          ("alice bob carol", e.pay(("alice", "bob", EUR, 1), ("bob", "carol", EUR, 7), ("carol", "alice", GOLD, 5))),
          ("bob", e.pay(("bob", "second-bank", EUR, 100))))
    e.block(e.transaction(e.pay(("firm", "bob", JPY, 1)), by="firm:1,2", memo=memo_commitment(*MEMO)),
            e.transaction(e.redeem("first-bank", "alice", EUR, 20_00), by="alice first-bank:0,2"),
            e.transaction(e.redeem("second-bank", "second-bank", EUR, 100), by="second-bank"))
    e.prove("alice", 0, MEMO)
    new = {name: e.policy(1, (scheme, f"{name}/new", 1)) for name, scheme in (
        ("alice", ECDSA), ("wallet-operator", ECDSA), ("auditor", BIP340))}
    new["first-bank"] = e.policy(3, (BIP340, "first-bank/a", 1), (BIP340, "first-bank/d", 2), (ECDSA, "first-bank/c", 1))
    e.add(("alice", e.rotate("alice", *new["alice"])), ("wallet-operator", e.rotate("wallet-operator", *new["wallet-operator"])),
          (bank, e.rotate("first-bank", *new["first-bank"])), ("auditor", e.rotate("auditor", *new["auditor"])))
    e.keys |= {name: keys for name, (_, keys) in new.items()}
    bank = "first-bank:0,1,2"
    e.add((bank, e.status("carol", STATUSES["debitsFrozen"])), ("wallet-operator", e.status("bob", STATUSES["creditsFrozen"])),
          ("second-bank", e.status("firm", STATUSES["frozen"])), ("alice", e.pay(("alice", "carol", EUR, 1))),
          ("bob", e.pay(("bob", "alice", EUR, 1))))
    e.add(("second-bank", e.status("firm", STATUSES["active"])), (bank, e.status("carol", STATUSES["active"])),
          ("wallet-operator", e.open("wallet-operator", e.person("brief", WALLET_HELD, (ECDSA, "brief", 200)))),
          ("wallet-operator", e.status("brief", STATUSES["closed"])))
    e.add((f"alice carol {bank} second-bank", e.issue("first-bank", "carol", EUR, 10_00), e.pay(("carol", "alice", EUR, 9_00)),
           e.redeem("first-bank", "alice", EUR, 8_00), e.rotate("carol", *e.policy(1, (BIP340, "carol/new", 1))),
           e.status("carol", STATUSES["frozen"]),
           e.open("second-bank", e.person("dave", BANK_ISSUED, (BIP340, "dave", 1)))))
    return e


def two_validators() -> Golden:
    """Two validators that propose in turn and both must attest; blocks without transactions between others."""
    e = Golden("golden-two-validators", 2)
    e.add(("wallet-operator second-bank",
           e.open("wallet-operator", e.person("alice", WALLET_HELD, (BIP340, "alice", 1))),
           e.open("second-bank", e.person("bob", BANK_ISSUED, (ECDSA, "bob", 1)))))
    e.add(("second-bank", e.issue("second-bank", "alice", EUR, 100_00)))
    e.add()
    e.add(*[("alice", e.pay(("alice", "bob", EUR, amount))) for amount in (1, 2, 3, 4, 5)])
    e.prove("bob", 4)
    e.add(("bob second-bank", e.redeem("second-bank", "bob", EUR, 15)), after=30_000)
    e.add()
    return e


def golden_files(e: Golden) -> dict[str, bytes]:
    """The files of a golden chain by name: chain specification, export, a receipt, a balance proof, and every root."""
    checkpoint = e.checkpoint(*e.all)
    roots = {"network": e.spec.network.hex(), "historyRoot": e.chain.history.root().hex(), "blocks": [
        {"height": block.header.height, "block": block.header.block_hash().hex(),
         "transactionRoot": block.header.transaction_root.hex(), "stateRoot": block.header.state_root.hex(),
         "supplyRoot": block.header.supply_root.hex(), "historyRoot": block.header.history_root.hex(),
         "transactions": [transaction.id().hex() for transaction in block.transactions]} for block in e.blocks]}

    def text(item) -> bytes:
        return (json.dumps(item, ensure_ascii=False, indent=2) + "\n").encode()
    return {"chainspec.json": e.description, "roots.json": text(roots)} | {
        f"{name}.json": text(proof) for name, proof in e.proofs.items()} | {
        f"export/{name}": data for name, data in export_files(e.spec.network, e.blocks, checkpoint).items()}


def write_golden(directory: Path) -> dict:
    """Writes every golden chain to a folder of its name."""
    report = {}
    for make in (every_operation, two_validators):
        e = make()
        for name, data in golden_files(e).items():
            file = directory / e.name.removeprefix("golden-") / name
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_bytes(data)
        report[e.name] = e.chain.header.block_hash().hex()
    return report
