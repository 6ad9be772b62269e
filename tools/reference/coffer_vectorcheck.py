"""Checks a folder of vectors: the project's own (Tests/Vectors), or those that other specifications publish."""

import json
import tempfile
from pathlib import Path

from coffer_archive import archive_vectors, check_archives
from coffer_development import PROJECT, WorkedExample
from coffer_evidence import check_evidence, check_snapshot
from coffer_keyfile import KIND_NAMES, KeyFile, open_key_file, seal_key_file
from coffer_keys import public_key, sign
from coffer_nodevectors import NODE_VECTORS
from coffer_proofvectors import balance_vectors, checkpoint_vectors, export_vectors, receipt_vectors
from coffer_published import PUBLISHED
from coffer_statementvectors import STATEMENT_CHECKS, STATEMENT_MADE
from coffer_transaction import time_text
from coffer_vectors import account_vectors, chainspec_vectors, example_vectors, networks, refusal_vectors, text_vectors
from coffer_vectortools import check_cases, check_refused, expect, expect_refusal
from coffer_witnessvectors import check_witnesses, witness_vectors
from coffer_writing import apply_to_copy, recording_chain, write_export
from pyverify.block import CertifiedBlock
from pyverify.chain import Chain
from pyverify.chainspec import chainspec_from_json
from pyverify.checkpoint import check_checkpoint
from pyverify.encoding import SCHEMES, valid_signature
from pyverify.export import replay
from pyverify.proofs import check_balance, check_receipt
from pyverify.state_tree import Account
from pyverify.strict_json import amount_of, amount_text, json_hex, strict_json, time_of
from pyverify.transaction import decode_transaction

# The files that this program makes. The others were made by other implementations, and are checked all the same.
MADE = {
    "example.json": example_vectors, "account.json": account_vectors, "receipt.json": receipt_vectors,
    "balance.json": balance_vectors, "checkpoint.json": checkpoint_vectors, "export.json": export_vectors,
    "chainspec.json": lambda e: chainspec_vectors(), "text.json": lambda e: text_vectors(),
    "refusals.json": lambda e: refusal_vectors(), "archive.json": lambda e: archive_vectors(export_vectors(e)),
    "witness.json": witness_vectors} | STATEMENT_MADE


def write_vectors(directory: Path) -> dict:
    e = WorkedExample()
    for name, make in MADE.items():
        text = json.dumps(make(e), ensure_ascii=False, indent=2) + "\n"
        (directory / name).write_text(text, encoding="utf-8")
    return {"directory": str(directory), "files": list(MADE)}


# ---------------------------------------------------------------- one function per file


def check_example(data: dict) -> int:
    """What the file says follows from its blocks."""
    chain = recording_chain(networks()["development"])
    for item in data["blocks"]:
        if item["height"]:
            chain.check(CertifiedBlock.decode(bytes.fromhex(item["bytes"])))
        expect([a.encode().hex() for a in chain.state.accounts] == item["stateLeaves"], f"the state leaves of {item['name']}")
        expect([record.encode().hex() for record in chain.state.supply()] == item["supplyLeaves"], f"the supply of {item['name']}")
        expect(chain.header.encode().hex() == item["header"], f"the header of {item['name']}")
    expect([entry.encode().hex() for _, entry in chain.state.entries] == [e["bytes"] for e in data["entries"]], "the entries")
    return len(data["blocks"])


def check_chainspecs(data: dict) -> int:
    def check(case: dict) -> dict:
        text = (PROJECT / case["file"]).read_bytes() if "file" in case else case["text"].encode()
        spec = chainspec_from_json(text)
        return {"bytes": spec.encode().hex(), "network": spec.network.hex(),
                "genesisHeader": Chain(spec).header.encode().hex()}
    return check_cases("chainspec.json", data, check)


def check_text(data: dict) -> int:
    def fails(read, case: dict, what) -> None:
        expect_refusal(read, {"error": "fieldValue"} | case, f"text.json, {what}")

    count = 0
    for text in data["json"]["valid"]:
        strict_json(text.encode())
        count += 1
    for case in data["json"]["refused"]:
        document = bytes.fromhex(case["bytes"]) if "bytes" in case else case["text"].encode()
        fails(lambda: strict_json(document), case, document)
        count += 1
    for case in data["amounts"]["valid"]:
        value = amount_of(case["text"], case["decimals"])
        expect((str(value), amount_text(value, case["decimals"])) == (case["minorUnits"], case["written"]), str(case))
        count += 1
    for case in data["amounts"]["refused"]:
        fails(lambda: amount_of(case["text"], case["decimals"]), {}, case)
        count += 1
    for case in data["times"]["valid"]:
        expect(time_of(case["text"]) == case["milliseconds"], str(case))
        expect(time_text(case["milliseconds"]) == case["written"], str(case))
        count += 1
    for text in data["times"]["refused"]:
        fails(lambda: time_of(text), {}, text)
        count += 1
    return count


def check_accounts(data: dict) -> int:
    return check_cases("account.json", data, lambda case: {
        "bytes": Account.decode(json_hex(case["bytes"])).encode().hex()})


def check_receipts(data: dict) -> int:
    spec = networks()["development"]

    def check(case: dict) -> dict:
        transaction, _, header, _ = check_receipt(spec, case["text"].encode())
        return {"id": transaction.id().hex(), "height": header.height}
    return check_cases("receipt.json", data, check)


def check_balances(data: dict) -> int:
    spec = networks()["development"]
    return check_cases("balance.json", data, lambda case: {
        "height": check_balance(spec, case["text"].encode())[1].height})


def check_checkpoints(data: dict) -> int:
    specs = networks()

    def check(case: dict) -> dict:
        check_checkpoint(specs[case["chainspec"]], case["text"].encode())
        return {}
    return check_cases("checkpoint.json", data, check)


def check_exports(data: dict) -> int:
    spec = networks()["development"]

    def check(case: dict) -> dict:
        with tempfile.TemporaryDirectory() as directory:
            export = Path(directory) / "export"
            write_export(export, {name: content.encode() if name == "checkpoint" else bytes.fromhex(content)
                                  for name, content in case["files"].items()})
            header = replay(spec, [export])[0].header
        return {"height": header.height, "stateRoot": header.state_root.hex(), "blockHash": header.block_hash().hex()}
    return check_cases("export.json", data, check)


def check_refusal_file(data: dict) -> int:
    chain = Chain(chainspec_from_json(data["chainspec"].encode()))
    for block in data["blocks"]:
        chain.check(CertifiedBlock.decode(bytes.fromhex(block)))

    def check(case: dict) -> None:
        transaction = decode_transaction(bytes.fromhex(case["bytes"]))
        apply_to_copy(chain, transaction, case["time"])
    return check_refused("refusals.json", data["refused"], check)


def check_keys(data: dict) -> int:
    for case in data["valid"]:
        scheme, secret, message = SCHEMES[case["scheme"]], bytes.fromhex(case["secret"]), bytes.fromhex(case["message"])
        expect(public_key(scheme, secret).hex() == case["publicKey"], f"keys.json, {case['name']}: the public key")
        expect(sign(scheme, secret, message).hex() == case["signature"], f"keys.json, {case['name']}: the signature")
    for case, valid in [(c, True) for c in data["valid"]] + [(c, False) for c in data["refused"]]:
        public, message, signature = (bytes.fromhex(case[name]) for name in ("publicKey", "message", "signature"))
        expect(valid_signature(SCHEMES[case["scheme"]], public, message, signature) == valid, f"keys.json, {case['name']}")
    return len(data["valid"]) + len(data["refused"])


def check_key_files(data: dict) -> int:
    kinds = {name: kind for kind, name in KIND_NAMES.items()}
    for case in data["valid"]:
        passphrase, secret = case["passphrase"].encode(), bytes.fromhex(case["secret"])
        blank = KeyFile(kinds[case["kind"]], case["development"], case["operations"], case["memoryKibibytes"],
                        bytes.fromhex(case["salt"]), bytes.fromhex(case["nonce"]), b"", b"")
        sealed = seal_key_file(blank, secret, passphrase)
        expect(sealed.encode() == case["text"].encode(), f"keyfile.json, {case['name']}: sealed")
        expect(open_key_file(case["text"].encode(), passphrase) == (sealed, secret), f"keyfile.json, {case['name']}: opened")
    return len(data["valid"]) + check_refused("keyfile.json", data["refused"], lambda case: open_key_file(
        case["text"].encode(), b"an example passphrase"))


def check_evidence_file(data: dict) -> int:
    spec = networks()["two-banks"]
    return check_cases("evidence.json", data, lambda case: check_evidence(spec, case["text"].encode()))


def check_snapshots(data: dict) -> int:
    spec = networks()["two-banks"]

    def check(case: dict) -> dict:
        header = check_snapshot(spec, bytes.fromhex("".join(case["bytes"])), case["checkpoint"].encode())
        return {"height": header.height, "stateRoot": header.state_root.hex()}
    return check_cases("snapshot.json", data, check)


CHECKS = {
    "example.json": check_example, "chainspec.json": check_chainspecs, "text.json": check_text,
    "account.json": check_accounts, "receipt.json": check_receipts, "balance.json": check_balances,
    "checkpoint.json": check_checkpoints, "export.json": check_exports, "refusals.json": check_refusal_file,
    "evidence.json": check_evidence_file, "snapshot.json": check_snapshots, "keys.json": check_keys, "keyfile.json": check_key_files,
    "witness.json": check_witnesses, "archive.json": check_archives} | STATEMENT_CHECKS


def check_vectors(directory: Path) -> dict:
    """The number of cases of every file that this program knows, and the names of those that it does not."""
    report, unknown, example = {}, [], None
    for file in sorted(p for p in directory.iterdir() if p.suffix in (".json", ".csv")):
        if file.name in CHECKS:
            data = json.loads(file.read_text(encoding="utf-8"))
            if file.name in MADE:
                example = example or WorkedExample()
                expect(data == MADE[file.name](example), f"{file.name} is not what this program makes")
            report[file.name] = CHECKS[file.name](data)
        elif file.name in NODE_VECTORS:
            report[file.name] = NODE_VECTORS[file.name](json.loads(file.read_text(encoding="utf-8")), directory)
        elif file.name in PUBLISHED:
            report[file.name] = PUBLISHED[file.name](file)
        else:
            unknown.append(file.name)
    return report | {"notChecked": unknown}
