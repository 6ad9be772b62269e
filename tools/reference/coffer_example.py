"""A small chain of its own network: every operation, both schemes, a weighted policy, a memo, and the proofs of it."""

import json
from pathlib import Path

import nacl.signing

from coffer_keys import public_key
from coffer_scene import Scene
from coffer_writing import balance_json, export_files, receipt_json, write_export
from pyverify.chainspec import chainspec_from_json
from pyverify.encoding import BIP340, ECDSA, tagged, unsigned
from pyverify.transaction import OPEN_ACCOUNTS, Operation, memo_commitment

START = "2026-01-01T00:00:00.000Z"
VALIDATORS = ["validator-1", "validator-2", "validator-3"]
MEMO = (unsigned(7, 16), "Invoice 7, für Müller")


def secret(name: str) -> bytes:
    """A key of the example, computable by anyone."""
    return tagged("coffer/reference-example/v1", name.encode("ascii"))


def example_chainspec() -> bytes:
    """Two banks, an operator, an auditor and an authority; two assets; three validators, of which two make a quorum."""
    def institution(name: str, kind: str) -> dict:
        public = public_key(BIP340, secret(name)).hex()
        return {"name": name, "kind": kind, "policy": {
            "threshold": 1, "keys": [{"scheme": "bip340", "key": public, "weight": 1}]}}

    def validator(name: str, owner: str) -> dict:
        return {"name": name, "institution": owner, "blockKey": public_key(BIP340, secret(name)).hex(),
                "checkpointKey": bytes(nacl.signing.SigningKey(secret(name)).verify_key).hex()}

    return json.dumps({
        "format": "coffer-chainspec/v1", "development": True, "name": "reference-example", "addressPrefix": "exa",
        "genesisTime": START,
        "institutions": [institution("central-bank", "authority"), institution("first-bank", "bank"),
                         institution("second-bank", "bank"), institution("wallet-operator", "operator"),
                         institution("auditor", "auditor")],
        "assets": [
            {"code": "EUR", "decimals": 2, "authority": "central-bank", "issuers": [
                {"bank": "first-bank", "quota": "1000.00"}, {"bank": "second-bank", "quota": "500.00"}]},
            {"code": "POINTS", "decimals": 0, "authority": "central-bank",
             "issuers": [{"bank": "second-bank", "quota": "1000000"}]}],
        "validators": [validator("validator-1", "first-bank"), validator("validator-2", "second-bank"),
                       validator("validator-3", "central-bank")],
        "quorum": 2, "rules": [{"fromHeight": 0, "version": 1}]}, indent=2).encode()


class Example(Scene):
    """The example network, on which an account is opened by its name alone."""

    def __init__(self):
        super().__init__(chainspec_from_json(example_chainspec()), secret, [(name, name) for name in VALIDATORS])
        self.policies = {name: self.policy(1, (BIP340, name, 1)) for name in ("alice", "carol", "alice-new", "poor")}
        self.policies["bob"] = self.policy(1, (ECDSA, "bob", 1))
        self.policies["family"] = self.policy(3, (BIP340, "mother", 2), (ECDSA, "father", 2), (BIP340, "child", 1))

    def new(self, name: str, sponsor: str, kind: int) -> Operation:
        return self.open(sponsor, (name, kind, 1, unsigned(len(self.accounts), 16), self.policies[name]))

    def again(self, name: str, sponsor: str, kind: int, salt: int) -> Operation:
        """An opening that gives nothing a name."""
        policy, keys = self.policies.get(name) or self.policy(1, (BIP340, name, 1))
        _, opening = self.opening(sponsor, kind, 1, unsigned(salt, 16), policy, keys)
        return Operation(OPEN_ACCOUNTS, (self.accounts[sponsor],), openings=(opening,))


def make_example() -> tuple[Example, dict[str, dict]]:
    """Five blocks with every operation, both schemes, a weighted policy and a memo; and the proofs to publish."""
    e = Example()
    genesis = balance_json(e.chain.state, e.accounts["first-bank"], e.chain.header, ())
    two = (0, 1)
    e.block(e.transaction(e.new("alice", "wallet-operator", 2), e.new("bob", "first-bank", 1),
                          e.new("family", "second-bank", 2), by="wallet-operator first-bank second-bank"), attesters=two)
    e.block(e.transaction(e.issue("first-bank", "alice", 0, 50_000), e.issue("second-bank", "family", 0, 20_000),
                          by="first-bank second-bank"),
            e.transaction(e.issue("second-bank", "family", 1, 777), by="second-bank"), attesters=two)
    e.block(attesters=(0, 1, 2))
    paid = e.block(
        e.transaction(e.pay(("alice", "bob", 0, 1_234), ("bob", "family", 0, 1_000), ("alice", "family", 0, 1)),
                      by="alice bob"),
        e.transaction(e.pay(("family", "alice", 1, 77)), by="family:0,1,2", memo=memo_commitment(*MEMO)),
        e.transaction(e.redeem("first-bank", "bob", 0, 34), by="bob first-bank"), attesters=(1, 2))
    last = e.block(e.transaction(e.rotate("alice", *e.policies["alice-new"]), by="alice"),
                   e.transaction(e.status("bob", 1), by="first-bank"), attesters=two)
    e.keys["alice"] = e.policies["alice-new"][1]
    return e, {"receipt": receipt_json(paid, 1, MEMO), "receipt-without-memo": receipt_json(paid, 2),
               "balance": balance_json(e.chain.state, e.accounts["family"], last.header, last.attestations),
               "balance-genesis": genesis}


def write_example(directory: Path) -> dict:
    """Writes the example chain, for other implementations to check."""
    directory.mkdir(parents=True)
    e, proofs = make_example()
    (directory / "chainspec.json").write_bytes(example_chainspec())
    for name, proof in proofs.items():
        (directory / f"{name}.json").write_text(json.dumps(proof, ensure_ascii=False, indent=2), encoding="utf-8")
    checkpoint = e.checkpoint(0, 2)
    (directory / "checkpoint").write_bytes(checkpoint)
    write_export(directory / "export", export_files(e.spec.network, e.blocks, checkpoint))
    return {"network": e.spec.network.hex(), "height": e.chain.header.height, "directory": str(directory),
            "stateRoot": e.chain.header.state_root.hex(), "historyRoot": e.chain.history.root().hex()}
