"""Checks the vectors that the node's tests make: what they hold must follow from the specifications, too."""

import json
from pathlib import Path

from coffer_development import published_chainspec
from coffer_keys import account_of, inclusion_path
from coffer_transaction import submission_from_json, transaction_json
from coffer_vectortools import check_refused, expect
from pyverify.block import CertifiedBlock
from pyverify.chain import Chain
from pyverify.chainspec import Chainspec
from pyverify.checkpoint import holds_consistency
from pyverify.encoding import Policy, Reader, Tree, sha256
from pyverify.state_tree import Account
from pyverify.transaction import decode_transaction, memo_commitment, memo_from_json


def network_of(data: dict) -> Chainspec:
    """The network of a file; all of them say the same two things of it."""
    spec = published_chainspec(Path(data["chainspec"]).stem)
    expect(spec.network.hex() == data["network"], f"the network of {data['chainspec']}")
    return spec


def compare(found: dict, case: dict, what: str) -> None:
    for name, value in found.items():
        expect(case[name] == value, f"{what}: {name} is {value}, not {case[name]}")


def check_transactions(data: dict, directory: Path) -> int:
    spec = network_of(data)
    for case in data["valid"]:
        transaction = decode_transaction(bytes.fromhex(case["bytes"]))
        compare({"content": transaction.content.hex(), "id": transaction.id().hex(),
                 "signingHash": transaction.signing_hash().hex()}, case, f"transactions.json, {case['name']}")
        text = json.dumps(transaction_json(spec, transaction), ensure_ascii=False, separators=(",", ":"))
        expect(text == case["json"], f"transactions.json, {case['name']}: the JSON form")
        expect(submission_from_json(spec, text.encode()) == (transaction, None), f"{case['name']} and back")
    refused = check_refused("transactions.json", data["refused"], lambda c: decode_transaction(bytes.fromhex(c["bytes"])))
    return len(data["valid"]) + refused + check_refused(
        "transactions.json", data["refusedJSON"], lambda c: submission_from_json(spec, c["text"].encode()))


def check_blocks(data: dict, directory: Path) -> int:
    chain = Chain(network_of(data))
    for case in data["valid"]:
        block = CertifiedBlock.decode(bytes.fromhex(case["bytes"]))
        header, what = block.header, f"block.json, height {block.header.height}"
        fields = [value.hex() if isinstance(value, bytes) else value for value in header]
        expect(list(case["header"].values()) == fields, f"{what}: the fields of the header")
        compare({
            "headerBytes": header.encode().hex(), "hash": header.block_hash().hex(),
            "attestedHash": header.attested_hash().hex(), "historyLeaf": sha256(b"\0" + header.encode()).hex(),
            "transactions": [t.id().hex() for t in block.transactions],
            "attestations": [{"validator": v, "signature": s.hex()} for v, s in block.attestations]}, case, what)
        chain.check(block)
    return len(data["valid"]) + check_refused(
        "block.json", data["refused"], lambda c: CertifiedBlock.decode(bytes.fromhex(c["bytes"])))


def check_trees(data: dict, directory: Path) -> int:
    chain = Chain(network_of(data))
    for case in json.loads((directory / "block.json").read_text())["valid"]:
        chain.check(CertifiedBlock.decode(bytes.fromhex(case["bytes"])))

    def tree_of(leaves: list[bytes]) -> dict:
        tree = Tree(leaves)
        return {"leaves": [leaf.hex() for leaf in leaves], "leafHashes": [h.hex() for h in tree.levels[0]],
                "root": tree.root().hex(), "paths": [[h.hex() for h in inclusion_path(tree, n)] for n in range(len(leaves))]}
    expect(data["state"] == tree_of([account.encode() for account in chain.state.accounts]), "tree.json, the state tree")
    for leaf in data["state"]["leaves"]:
        Account.decode(bytes.fromhex(leaf))
    compare(data["supply"], tree_of([record.encode() for record in chain.state.supply()]), "tree.json, the supply tree")
    for case in data["small"]:
        leaves = [bytes([n]) for n in range(case["size"])]
        made = tree_of(leaves)
        compare({name: made[name] for name in ("root", "paths")}, case, f"tree.json, {case['size']} leaves")
        for proof in case["consistency"]:
            consistent = holds_consistency(
                proof["oldSize"], Tree(leaves[:proof["oldSize"]]).root(), case["size"], Tree(leaves).root(),
                [bytes.fromhex(h) for h in proof["proof"]])
            expect(consistent, f"tree.json, {proof['oldSize']} of {case['size']} leaves")
    return len(data["small"]) + 2


def check_addresses(data: dict, directory: Path) -> int:
    spec = network_of(data)

    def expect_account(identity: bytes, case: dict) -> None:
        compare({"id": identity.hex(), "address": spec.address(identity)}, case, "addresses.json")
        expect(account_of(spec.prefix, case["address"]) == identity, f"{case['address']} and back")
    for case in data["institutions"]:
        expect_account(spec.institution_account(case["institution"]), case)
    for case in data["liabilities"]:
        expect(spec.assets[case["asset"]].code == case["code"], f"addresses.json: the asset {case['code']}")
        expect_account(spec.liability_account(case["asset"], case["bank"]), case)
    for case in data["opened"]:
        policy = Policy.read(Reader(bytes.fromhex(case["policy"])))
        identity = spec.opened_account(case["kind"], bytes.fromhex(case["sponsor"]), bytes.fromhex(case["salt"]), policy)
        expect_account(identity, case)
        compare({"possessionMessage": spec.possession_hash(identity, policy).hex()}, case, "addresses.json")
    return len(data["institutions"] + data["liabilities"] + data["opened"]) + check_refused(
        "addresses.json", [{"error": "fieldValue"} | case for case in data["refused"]],
        lambda c: account_of(spec.prefix, c["address"]))


def check_memos(data: dict, directory: Path) -> int:
    network_of(data)

    def read(case: dict) -> tuple[bytes, str]:
        return memo_from_json({"salt": case["salt"], "text": case["text"]})
    for case in data["valid"]:
        expect(memo_commitment(*read(case)).hex() == case["commitment"], f"memo.json, {case['text'][:40]!r}")
    return len(data["valid"]) + check_refused(
        "memo.json", [{"error": "fieldValue"} | case for case in data["refused"]], read)


NODE_VECTORS = {"transactions.json": check_transactions, "block.json": check_blocks, "tree.json": check_trees,
                "addresses.json": check_addresses, "memo.json": check_memos}
