"""Checks of this program against itself, and against definitions written another way."""

import json
import tempfile
from dataclasses import replace
from pathlib import Path
from unittest.mock import patch

import coffer_writing
import pyverify.export
from coffer_archive import manifest_text
from coffer_example import MEMO, START, Example, make_example
from coffer_keys import account_of, inclusion_path, public_key, sign
from coffer_refusals import refusal_scene, refused_transactions
from coffer_transaction import time_text, transaction_from_json, transaction_json, written
from coffer_writing import apply_to_copy, block_bytes, export_files, write_export
from pyverify.block import CertifiedBlock
from pyverify.chain import Chain
from pyverify.checkpoint import check_checkpoint
from pyverify.encoding import (
    BIP340, ECDSA, GROUP_ORDER, DoesNotHold, NotCanonical, Tree, Unreadable, address, leaf_hash, node_hash,
    root_from_path, sha256, unsigned, valid_signature,
)
from pyverify.export import replay
from pyverify.proofs import check_balance, check_receipt
from pyverify.rules import DAY_MILLISECONDS, check_invariants
from pyverify.state_tree import Account
from pyverify.strict_json import amount_of, amount_text, strict_json, time_of
from pyverify.transaction import Transaction, decode_transaction

FAILURES = (DoesNotHold, Unreadable)


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise DoesNotHold("selfCheck", f"self-check: {what}")


def expect_failure(action, errors, what: str) -> Exception:
    try:
        action()
    except errors as error:
        return error
    raise DoesNotHold("selfCheck", f"self-check: {what} was accepted")


def check_encoding() -> None:
    """encoding.md against published values and against its own definitions written another way."""
    first_vector = ("e907831f80848d1069a5371b402410364bdf1c5f8307b0084c55f1ce2dca8215"
                    "25f66a4a85ea8b71e482a74f382d2ce5ebeee8fdb2172f477df4900d310536c0")
    three = unsigned(3, 32)
    expect(sign(BIP340, three, bytes(32)).hex() == first_vector, "the first vector of BIP 340")
    for scheme in (BIP340, ECDSA):
        signature, public = sign(scheme, three, sha256(b"m")), public_key(scheme, three)
        expect(valid_signature(scheme, public, sha256(b"m"), signature), "a signature of ours")
        expect(not valid_signature(scheme, public, sha256(b"n"), signature), "a signature of something else")
    high = signature[:32] + unsigned(GROUP_ORDER - int.from_bytes(signature[32:], "big"), 32)
    expect(not valid_signature(ECDSA, public, sha256(b"m"), high), "a high-S signature")

    def root(hashes):  # RFC 6962 section 2.1, to the letter
        if len(hashes) < 2:
            return hashes[0] if hashes else sha256(b"")
        split = 1 << (len(hashes) - 1).bit_length() - 1
        return node_hash(root(hashes[:split]), root(hashes[split:]))
    leaves = [bytes([n]) for n in range(40)]
    for size in range(len(leaves)):
        tree = Tree(leaves[:size])
        expect(tree.root() == root([sha256(b"\0" + leaf) for leaf in leaves[:size]]), f"the root of {size} leaves")
        for index in range(size):
            way = inclusion_path(tree, index)
            expect(root_from_path(leaf_hash(leaves[index]), index, size, way) == tree.root(), f"path {index} of {size}")
            expect(root_from_path(leaf_hash(leaves[index]), index, size, way + [bytes(32)]) is None, "a path too long")
        if size:
            tree.update({size // 2: b"changed"})
            changed = leaves[:size // 2] + [b"changed"] + leaves[size // 2 + 1:size]
            expect(tree.root() == Tree(changed).root(), "a changed leaf")

    text = address("cof", sha256(b"account"))
    expect(account_of("cof", text) == sha256(b"account"), "an address")
    for wrong in (text.upper(), text[:-1] + ("q" if text[-1] != "q" else "p"), "cog" + text[3:], text + "q", ""):
        expect_failure(lambda: account_of("cof", wrong), Unreadable, f"the address {wrong}")
    for bad in ('{"a":1,"a":1}', "[1.0]", "[1e3]", "[-1]", "[01]", "[1,]", "[1] 2", "[18446744073709551616]", "[NaN]",
                '["\\ud800"]', "[" * 17 + "]" * 17, "\ufeff[]", "['a']", ""):
        expect_failure(lambda: strict_json(bad.encode()), Unreadable, f"the JSON {bad}")
    expect(strict_json(b"[" * 16 + b"]" * 16) is not None, "JSON of 16 levels")
    for amount, decimals, value in (("12.34", 2, 1234), ("12.3", 2, 1230), ("0.01", 2, 1), ("7", 0, 7),
                                    ("18446744073709551615", 0, (1 << 64) - 1)):
        expect(amount_of(amount, decimals) == value, f"the amount {amount}")
        expect(amount_of(amount_text(value, decimals), decimals) == value, f"the text of {amount}")
    for amount in ("1.234", "01", "-1", "+1", "1.", ".5", "", "1e2", " 1", "184467440737095516.16", "１"):
        expect_failure(lambda: amount_of(amount, 2), Unreadable, f"the amount {amount}")
    expect(time_of("1970-01-02T00:00:00.001Z") == DAY_MILLISECONDS + 1, "a time")
    expect(time_text(time_of(START)) == START, "a time and back")
    for fraction, milliseconds in (("", 0), (".5", 500), (".05", 50), (".005", 5)):
        expect(time_of(f"1970-01-01T00:00:00{fraction}Z") == milliseconds, f"the fraction {fraction}")
    for moment in ("2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+00:00", "1969-12-31T23:59:59Z",
                   "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:00.Z"):
        expect_failure(lambda: time_of(moment), Unreadable, f"the time {moment}")


def check_canonical(e: Example) -> int:
    """Whatever decodes re-encodes to the same bytes: every transaction with every byte changed, cut and extended."""
    changed = 0
    for data in [t.data for block in e.blocks for t in block.transactions]:
        transaction = decode_transaction(data)
        form = json.loads(json.dumps(transaction_json(e.spec, transaction)))
        expect(transaction_from_json(e.spec, form) == transaction, "the JSON form and back")
        for wrong in [data[:n] for n in range(len(data))] + [data + b"\0"]:
            expect_failure(lambda: decode_transaction(wrong), NotCanonical, "a transaction cut or extended")
        for position in range(len(data)):
            wrong = data[:position] + bytes([data[position] ^ 1 << position % 8]) + data[position + 1:]
            try:
                expect(written(decode_transaction(wrong)).data == wrong, "re-encoding")
                changed += 1
            except NotCanonical:
                pass
    expect(len(e.chain.header.encode()) == 230, "a header of 230 bytes")
    expect(changed > 0, "some changed transactions decode")
    for account in e.chain.state.accounts:
        expect(Account.decode(account.encode()) == account, "an account and back")
    for block in e.blocks:
        expect(CertifiedBlock.decode(block_bytes(block)) == block, "a block and back")
    return changed


def check_proofs(e: Example, proofs: dict[str, dict]) -> int:
    """The proofs hold, and no longer when any one of their parts is changed."""
    attempts = 0
    for name, proof in proofs.items():
        check = check_receipt if name.startswith("receipt") else check_balance

        def text(changed: dict) -> bytes:
            return json.dumps(changed).encode()
        check(e.spec, text(proof))

        def wrong(**change):
            nonlocal attempts
            attempts += 1
            expect_failure(lambda: check(e.spec, text(proof | change)), FAILURES, f"{name} with {change}")
        for key in ("transaction", "account", "header"):
            for position in range(0, len(proof.get(key, "")), 2):
                byte = int(proof[key][position:position + 2], 16) ^ 4
                wrong(**{key: f"{proof[key][:position]}{byte:02x}{proof[key][position + 2:]}"})
        wrong(path=proof["path"][:-1])
        wrong(path=proof["path"] + ["00" * 32])
        wrong(path=[("0" if h[0] != "0" else "1") + h[1:] for h in proof["path"]])
        wrong(unknown=1)
        wrong(memo=None)
        if proof["attestations"]:
            one, two = proof["attestations"][:2]
            for attestations in ([], [one], [two, one], [one, one], [one, two | {"signature": one["signature"]}],
                                 [one, two, two | {"validator": 64}]):
                wrong(attestations=attestations)
        else:
            wrong(attestations=[{"validator": 0, "signature": "00" * 64}])
        if name.startswith("receipt"):
            wrong(index=proof["index"] ^ 1)
            wrong(memo={"salt": MEMO[0].hex(), "text": "another memo"})
    return attempts


def check_archives_of(e: Example, directory: Path, files: dict[str, bytes]) -> int:
    """Archives in one directory and the rest in another have the verdict of the whole; each damage to an archive or its name is named."""
    names, archives, height = sorted(name for name in files if name != "checkpoint")[:-1], [], 1
    for number, name in enumerate(names):
        count, rest = 0, files[name][56:]
        while rest:
            count, rest = count + 1, rest[4 + int.from_bytes(rest[:4], "big") + 32:]
        archives.append({"segment": number, "firstHeight": height, "lastHeight": height + count - 1, "byteCount": len(files[name]),
                         "sha256": sha256(files[name]).hex()})
        height += count
    text = manifest_text(e.spec.network, archives).encode()
    pruned, rest = directory / "archives", directory / "rest"
    write_export(pruned, {name: files[name] for name in names})
    write_export(rest, {name: data for name, data in files.items() if name not in names})
    for order in ([pruned, rest], [rest, pruned]):
        expect(replay(e.spec, order, text)[0].header == e.chain.header, "archives and the rest")
    attempts = 0

    def damaged(changes: dict[str, bytes | None], code: str) -> None:
        nonlocal attempts
        for name, data in changes.items():
            (pruned / name).unlink()
            if data is not None:
                (pruned / name).write_bytes(data)
        error = expect_failure(lambda: replay(e.spec, [pruned, rest], text), FAILURES, f"{list(changes)} damaged")
        expect(error.code == code, f"{error} where {code} was due")
        for name in changes:
            (pruned / name).write_bytes(files[name])
        attempts += 1

    for name in names:
        data = files[name]
        damaged({name: None}, "archiveMissing")
        damaged({name: data[:-1]}, "archiveDiffers")
        damaged({name: data + b"\0"}, "archiveDiffers")
        damaged({name: data[:70] + bytes([data[70] ^ 1]) + data[71:]}, "archiveDiffers")
    damaged({names[0]: files[names[1]], names[1]: files[names[0]]}, "archiveDiffers")
    return attempts


def check_export(e: Example, directory: Path) -> int:
    """The export replays to the same state, and not when any of a spread of bytes is changed."""
    export, again = directory / "export", Chain(e.spec)
    write_export(export, export_files(e.spec.network, e.blocks, e.checkpoint(0, 2)))
    chain, transactions, _ = replay(e.spec, [export])
    expect(transactions == sum(len(block.transactions) for block in e.blocks), "the number of transactions")
    expect(chain.header == e.chain.header, "the last header")
    expect(chain.state.tree.root() == e.chain.state.tree.root(), "the replayed state")
    for block in e.blocks:
        again.check(block)
        check_invariants(again.state)
    attempts = 0
    for name in ("blocks-00000000.coffer", "checkpoint"):
        good = (export / name).read_bytes()
        for position in range(0, len(good), max(1, len(good) // 150)):
            bad = good[:position] + bytes([good[position] ^ 2]) + good[position + 1:]
            (export / name).write_bytes(bad)
            expect_failure(lambda: replay(e.spec, [export]), FAILURES, f"byte {position} of {name} changed")
            attempts += 1
        (export / name).write_bytes(good)
    replay(e.spec, [export])
    (export / "checkpoint").unlink()
    expect_failure(lambda: replay(e.spec, [export]), Unreadable, "an export without a checkpoint")

    # With a lower limit the same blocks fill several segments, each cut before the first block that it has no room for.
    with patch.object(pyverify.export, "MAXIMUM_SEGMENT_BYTES", 1900), patch.object(
            coffer_writing, "MAXIMUM_SEGMENT_BYTES", 1900):
        files, several = export_files(e.spec.network, e.blocks, e.checkpoint(0, 2)), directory / "several"
        write_export(several, files)
        attempts += check_archives_of(e, directory, files)
        expect(len(files) > 3 and replay(e.spec, [several])[0].header == e.chain.header, "an export of several segments")
    error = expect_failure(lambda: replay(e.spec, [several]), DoesNotHold, "segments that are cut too early")
    expect(error.code == "exportWrongCut", f"{error} where exportWrongCut was due")

    def forged(number: int, **change) -> None:
        """A block whose header is changed and attested by everyone is still refused."""
        nonlocal attempts
        chain, block = Chain(e.spec), e.blocks[number]
        for earlier in e.blocks[:number]:
            chain.check(earlier)
        header = block.header._replace(**change)
        forgery = replace(block, header=header, attestations=e.attestations(header, range(3)))
        expect_failure(lambda: chain.check(forgery), DoesNotHold, f"a header with {change}")
        attempts += 1
    for name, value in (("rules", 2), ("network", bytes(32)), ("height", 9), ("time", 1), ("parent", bytes(32)),
                        ("transaction_root", bytes(32)), ("state_root", bytes(32)), ("supply_root", bytes(32)),
                        ("history_root", bytes(32)), ("account_count", 1), ("proposer", 3)):
        forged(3, **{name: value})
    return attempts


def check_refusals() -> int:
    """Every refusal of rules.md 3."""
    e = refusal_scene()
    state, seen = e.chain.state, set()

    def refused(code: str, transaction: Transaction, time: int) -> None:
        error = expect_failure(lambda: apply_to_copy(e.chain, decode_transaction(transaction.data), time), DoesNotHold, code)
        expect(error.code == code, f"{error} where {code} was due")
        seen.add(code)

    for case in refused_transactions(e):
        refused(case.code, case.transaction, case.time)
    full = state.by_id[e.accounts["family"]].balances[0]
    kept, full.credits_posted = full.credits_posted, (1 << 128) - 1
    refused("counterOverflow", e.transaction(e.pay(("alice", "family", 0, 1)), by="alice"), e.time)
    full.credits_posted = kept

    # The largest amounts that the same limits allow.
    e.block(e.transaction(e.issue("first-bank", "carol", 0, 50_034), by="first-bank"),
            e.transaction(e.pay(("carol", "alice", 0, 50_034)), by="carol"),
            e.transaction(e.status("carol", 4), by="first-bank"))
    check_invariants(state)
    return len(seen)


def self_check() -> dict:
    check_encoding()
    e, proofs = make_example()
    report = {"changedTransactionsThatDecode": check_canonical(e), "changedProofsRefused": check_proofs(e, proofs)}
    with tempfile.TemporaryDirectory() as directory:
        report["changedExportsRefused"] = check_export(e, Path(directory))
    report["refusalCodes"] = check_refusals()
    size, root = check_checkpoint(e.spec, e.checkpoint(0, 2))
    expect((size, root) == (len(e.blocks) + 1, e.chain.history.root()), "the checkpoint")
    return {"holds": True} | report
