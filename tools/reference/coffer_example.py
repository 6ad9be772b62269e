"""A small chain of its own: every operation, both schemes, a weighted policy, a memo, and the proofs of it.

Nothing in it is random and nothing asks a clock, so it comes out the same every time.
"""

import json
from pathlib import Path

import nacl.signing

from coffer_block import CertifiedBlock, checkpoint_text
from coffer_encoding import BIP340, ECDSA, Key, Policy, public_key, sign, tagged, time_of, unsigned
from coffer_ledger import Chain
from coffer_proofs import balance_json, receipt_json, write_export
from coffer_transaction import (
    Chainspec, Opening, Operation, Transaction, chainspec_from_json, make_transaction, memo_commitment,
)

START = "2026-01-01T00:00:00.000Z"


def secret(name: str) -> bytes:
    """A key of the example, computable by anyone."""
    return tagged("coffer/reference-example/v1", name.encode("ascii"))


def policy_of(threshold: int, *keys: tuple[int, str, int]) -> tuple[Policy, list[tuple[int, str]]]:
    """A policy of named keys (scheme, name, weight), and the keys in its order."""
    ordered = sorted(keys, key=lambda k: (k[0], public_key(k[0], secret(k[1]))))
    return (Policy(threshold, tuple(Key(s, public_key(s, secret(n)), w) for s, n, w in ordered)),
            [(s, n) for s, n, _ in ordered])


ONE = {name: policy_of(1, (BIP340, name, 1)) for name in (
    "central-bank", "first-bank", "second-bank", "wallet-operator", "alice", "carol", "alice-new", "poor")}
ONE["bob"] = policy_of(1, (ECDSA, "bob", 1))
ONE["family"] = policy_of(3, (BIP340, "mother", 2), (ECDSA, "father", 2), (BIP340, "child", 1))


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


class Example:
    """Makes transactions and blocks of the example network."""

    def __init__(self):
        self.spec: Chainspec = chainspec_from_json(example_chainspec())
        self.chain, self.blocks, self.time = Chain(self.spec), [], time_of(START)
        self.accounts = {i.name: self.spec.institution_account(n) for n, i in enumerate(self.spec.institutions)}
        self.keys = {name: ONE[name][1] for name in ("central-bank", "first-bank", "second-bank", "wallet-operator")}
        self.keys["auditor"] = [(BIP340, "auditor")]
        self.nonce = 0

    def transaction(self, *operations: Operation, by: str, expiry: int | None = None,
                    memo: bytes = bytes(32)) -> Transaction:
        """`by` names the signers: `bank` for the first key, `family:0,2` for chosen keys."""
        signers = []
        for item in by.split():
            name, _, chosen = item.partition(":")
            for position in map(int, (chosen or "0").split(",")):
                scheme, key = self.keys[name][position]
                signers.append((self.accounts[name], position, scheme, secret(key)))
        self.nonce += 1
        return make_transaction(
            self.spec.network, self.time + 60_000 if expiry is None else expiry, unsigned(self.nonce, 16),
            list(operations), [s[0] for s in signers], memo).signed(*signers)

    def possession(self, account: bytes, policy: Policy, keys) -> tuple[bytes, ...]:
        digest = self.spec.possession_hash(account, policy)
        return tuple(sign(scheme, secret(name), digest) for scheme, name in keys)

    def opening(self, name: str, sponsor: str, kind: int, salt: int) -> Operation:
        (policy, keys), packed = ONE[name], unsigned(salt, 16)
        account = self.spec.opened_account(kind, self.accounts[sponsor], packed, policy)
        opening = Opening(kind, 1, packed, policy, self.possession(account, policy, keys))
        return Operation("openAccounts", (self.accounts[sponsor],), openings=(opening,))

    def open(self, name: str, sponsor: str, kind: int) -> Operation:
        """The operation that opens an account, which from now on has this name."""
        operation = self.opening(name, sponsor, kind, len(self.accounts))
        opening = operation.openings[0]
        self.keys[name] = ONE[name][1]
        self.accounts[name] = self.spec.opened_account(kind, self.accounts[sponsor], opening.salt, opening.policy)
        return operation

    def rotate(self, name: str, new: str) -> Operation:
        policy, keys = ONE[new]
        return Operation("rotateKeys", (self.accounts[name],), policy=policy,
                         possession=self.possession(self.accounts[name], policy, keys))

    def pay(self, *legs: tuple[str, str, int, int]) -> Operation:
        return Operation("transfer", legs=tuple(
            (self.accounts[a], self.accounts[b], asset, amount) for a, b, asset, amount in legs))

    def issue(self, bank: str, to: str, asset: int, amount: int) -> Operation:
        return Operation("issue", (self.accounts[bank], self.accounts[to]), asset=asset, amount=amount)

    def redeem(self, bank: str, source: str, asset: int, amount: int) -> Operation:
        return Operation("redeem", (self.accounts[bank], self.accounts[source]), asset=asset, amount=amount)

    def status(self, name: str, status: int) -> Operation:
        return Operation("setStatus", (self.accounts[name],), status=status)

    def block(self, *transactions: Transaction, attesters=(0, 1)) -> CertifiedBlock:
        self.time += 1000
        data = tuple(t.encode() for t in transactions)
        header = self.chain.execute(data, self.time, 0)
        attestations = tuple((v, sign(BIP340, secret(f"validator-{v + 1}"), header.attested_hash())) for v in attesters)
        self.chain.advance(header)
        self.blocks.append(CertifiedBlock(header, data, (), attestations))
        return self.blocks[-1]

    def checkpoint(self) -> bytes:
        return checkpoint_text(self.spec, len(self.chain.history), self.chain.history.root(),
                               [secret("validator-1"), secret("validator-3")])


MEMO = (unsigned(7, 16), "Invoice 7, für Müller")


def make_example() -> tuple[Example, dict[str, dict]]:
    """Five blocks with every operation, both schemes, a weighted policy and a memo; and the proofs to publish."""
    e = Example()
    genesis = balance_json(e.chain.state, e.accounts["first-bank"], e.chain.header, ())
    e.block(e.transaction(e.open("alice", "wallet-operator", 2), e.open("bob", "first-bank", 1),
                          e.open("family", "second-bank", 2), by="wallet-operator first-bank second-bank"))
    e.block(e.transaction(e.issue("first-bank", "alice", 0, 50_000), e.issue("second-bank", "family", 0, 20_000),
                          by="first-bank second-bank"),
            e.transaction(e.issue("second-bank", "family", 1, 777), by="second-bank"))
    e.block(attesters=(0, 1, 2))
    paid = e.block(
        e.transaction(e.pay(("alice", "bob", 0, 1_234), ("bob", "family", 0, 1_000), ("alice", "family", 0, 1)),
                      by="alice bob"),
        e.transaction(e.pay(("family", "alice", 1, 77)), by="family:0,1,2", memo=memo_commitment(*MEMO)),
        e.transaction(e.redeem("first-bank", "bob", 0, 34), by="bob first-bank"), attesters=(1, 2))
    last = e.block(e.transaction(e.rotate("alice", "alice-new"), by="alice"),
                   e.transaction(e.status("bob", 1), by="first-bank"))
    e.keys["alice"] = [(BIP340, "alice-new")]
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
    (directory / "checkpoint").write_bytes(e.checkpoint())
    write_export(directory / "export", e.spec.network, e.blocks, e.checkpoint())
    return {"network": e.spec.network.hex(), "height": e.chain.header.height, "directory": str(directory),
            "stateRoot": e.chain.header.state_root.hex(), "historyRoot": e.chain.history.root().hex()}
