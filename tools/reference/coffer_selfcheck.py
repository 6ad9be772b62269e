"""Checks of this program against itself, against definitions written another way, and against published values."""

import csv
import json
import tempfile
from dataclasses import replace
from pathlib import Path

from coffer_block import Account, CertifiedBlock, check_checkpoint
from coffer_encoding import (
    BIP340, ECDSA, GROUP_ORDER, DoesNotHold, Key, NotCanonical, Policy, Tree, Unreadable, account_of, address,
    amount_of, amount_text, node_hash, public_key, root_from_path, sha256, sign, strict_json, time_of, time_text,
    unsigned, valid_ed25519, valid_signature,
)
from coffer_example import MEMO, START, Example, make_example, secret
from coffer_keyfile import VALIDATOR, KeyFile, decode_key_file, open_key_file, seal_key_file
from coffer_ledger import DAY_MILLISECONDS, Chain, Refusal, apply
from coffer_proofs import check_balance, check_receipt, replay, write_export
from coffer_transaction import Transaction, decode_transaction, transaction_from_json, transaction_json

FAILURES = (DoesNotHold, Unreadable)


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise DoesNotHold(f"self-check: {what}")


def expect_failure(action, errors, what: str) -> Exception:
    try:
        action()
    except errors as error:
        return error
    raise DoesNotHold(f"self-check: {what} was accepted")


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
            path = tree.path(index)
            expect(root_from_path(leaves[index], index, size, path) == tree.root(), f"path {index} of {size}")
            expect(root_from_path(leaves[index], index, size, path + [bytes(32)]) is None, "a path too long")
        if size:
            tree.put(size // 2, b"changed")
            changed = leaves[:size // 2] + [b"changed"] + leaves[size // 2 + 1:size]
            expect(tree.root() == Tree(changed).root(), "a changed leaf")

    text = address("cof", sha256(b"account"))
    expect(account_of("cof", text) == sha256(b"account"), "an address")
    for wrong in (text.upper(), text[:-1] + ("q" if text[-1] != "q" else "p"), "cog" + text[3:], text + "q", ""):
        expect_failure(lambda: account_of("cof", wrong), Unreadable, f"the address {wrong}")
    for bad in ('{"a":1,"a":1}', "[1.0]", "[1e3]", "[-1]", "[01]", "[1,]", "[1] 2", "[NaN]", '["\\ud800"]',
                "[" * 17 + "]" * 17, "\ufeff[]", "['a']", ""):
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
    for moment in ("2026-02-30T00:00:00Z", "2026-01-01T00:00:60Z", "2026-01-01T00:00:00+00:00", "1969-12-31T23:59:59Z"):
        expect_failure(lambda: time_of(moment), Unreadable, f"the time {moment}")


def check_canonical(e: Example) -> int:
    """Whatever decodes re-encodes to the same bytes: every transaction with every byte changed, cut and extended."""
    changed = 0
    for data in [t for block in e.blocks for t in block.transactions]:
        transaction = decode_transaction(data)
        form = json.loads(json.dumps(transaction_json(e.spec, transaction)))
        expect(transaction_from_json(e.spec, form) == transaction, "the JSON form and back")
        for wrong in [data[:n] for n in range(len(data))] + [data + b"\0"]:
            expect_failure(lambda: decode_transaction(wrong), NotCanonical, "a transaction cut or extended")
        for position in range(len(data)):
            wrong = data[:position] + bytes([data[position] ^ 1 << position % 8]) + data[position + 1:]
            try:
                expect(decode_transaction(wrong).encode() == wrong, "re-encoding")
                changed += 1
            except NotCanonical:
                pass
    expect(len(e.chain.header.encode()) == 230, "a header of 230 bytes")
    expect(changed > 0, "some changed transactions decode")
    for account in e.chain.state.accounts:
        expect(Account.decode(account.encode()) == account, "an account and back")
    for block in e.blocks:
        expect(CertifiedBlock.decode(block.encode()) == block, "a block and back")
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


def check_export(e: Example, directory: Path) -> int:
    """The export replays to the same state, and not when any of a spread of bytes is changed."""
    export, again = directory / "export", Chain(e.spec)
    write_export(export, e.spec.network, e.blocks, e.checkpoint())
    chain = replay(e.spec, export)
    expect(chain.header == e.chain.header, "the last header")
    expect(chain.state.tree.root() == e.chain.state.tree.root(), "the replayed state")
    for block in e.blocks:
        again.check(block)
        again.state.check_invariants()
    attempts = 0
    for name in ("blocks-00000000.coffer", "checkpoint"):
        good = (export / name).read_bytes()
        for position in range(0, len(good), max(1, len(good) // 150)):
            bad = good[:position] + bytes([good[position] ^ 2]) + good[position + 1:]
            (export / name).write_bytes(bad)
            expect_failure(lambda: replay(e.spec, export), FAILURES, f"byte {position} of {name} changed")
            attempts += 1
        (export / name).write_bytes(good)
    replay(e.spec, export)
    (export / "checkpoint").unlink()
    expect_failure(lambda: replay(e.spec, export), Unreadable, "an export without a checkpoint")

    def forged(number: int, **change) -> None:
        """A block whose header is changed and attested by everyone is still refused."""
        nonlocal attempts
        chain, block = Chain(e.spec), e.blocks[number]
        for earlier in e.blocks[:number]:
            chain.check(earlier)
        header = replace(block.header, **change)
        attestations = tuple((v, sign(BIP340, secret(f"validator-{v + 1}"), header.attested_hash())) for v in range(3))
        expect_failure(lambda: chain.check(replace(block, header=header, attestations=attestations)), DoesNotHold,
                       f"a header with {change}")
        attempts += 1
    for name, value in (("rules", 2), ("network", bytes(32)), ("height", 9), ("time", 1), ("parent", bytes(32)),
                        ("transaction_root", bytes(32)), ("state_root", bytes(32)), ("supply_root", bytes(32)),
                        ("history_root", bytes(32)), ("account_count", 1), ("proposer", 3)):
        forged(3, **{name: value})
    return attempts


def check_refusals() -> int:
    """Every refusal of rules.md 3, each by a transaction that earns it, mostly together with a later one."""
    e, _ = make_example()
    e.block(e.transaction(e.open("carol", "first-bank", 1), e.open("poor", "first-bank", 1), by="first-bank"))
    e.block(e.transaction(e.status("poor", 4), by="first-bank"))
    e.accounts |= {"liability": e.spec.liability_account(0, 1), "nobody": bytes(32)}
    time, state, seen = e.time, e.chain.state, set()

    def refused(code: str, transaction: Transaction, at: int = time) -> None:
        error = expect_failure(
            lambda: apply(state, decode_transaction(transaction.encode()), 99, at, 0), Refusal, code)
        expect(error.code == code, f"{error} where {code} was due")
        expect(state.tree.root() == e.chain.header.state_root, f"{code} changed the state")
        expect(state.supply_root() == e.chain.header.supply_root, f"{code} changed the supply")
        seen.add(code)

    def forge(transaction: Transaction, **change) -> Transaction:
        first, *others = transaction.signatures
        return replace(transaction, signatures=(replace(first, **change), *others))

    pay, applied = e.pay(("alice", "carol", 0, 1)), decode_transaction(e.blocks[-1].transactions[0])
    opened = decode_transaction(e.blocks[0].transactions[0]).operations
    too_much = 1 << 60

    refused("wrongNetwork", replace(e.transaction(pay, by="alice", expiry=time), network=bytes(32)))
    refused("expired", e.transaction(pay, by="alice", expiry=time))
    refused("expired", applied, applied.expiry)
    refused("expiryTooFar", e.transaction(pay, by="alice", expiry=time + DAY_MILLISECONDS + 1))
    refused("alreadyApplied", applied)
    refused("unknownAccount", e.transaction(e.pay(("alice", "nobody", 9, 1)), by="alice"))
    refused("unknownAsset", e.transaction(e.pay(("liability", "alice", 2, 1)), by="alice"))

    refused("wrongInstitution", e.transaction(e.opening("alice", "central-bank", 2, 1), by="central-bank"))
    refused("wrongInstitution", e.transaction(e.opening("alice", "wallet-operator", 1, 1), by="alice"))
    refused("wrongInstitution", e.transaction(e.opening("bob", "alice", 2, 1), by="alice"))
    refused("wrongInstitution", e.transaction(e.issue("first-bank", "liability", 1, 1), by="first-bank"))
    refused("wrongInstitution", e.transaction(e.redeem("alice", "liability", 0, 1), by="alice"))
    refused("wrongInstitution", e.transaction(e.issue("liability", "alice", 0, 1), by="alice"))
    refused("wrongAccountKind", e.transaction(e.issue("first-bank", "liability", 0, 1), by="alice"))
    refused("wrongAccountKind", e.transaction(e.pay(("alice", "liability", 0, 1)), by="alice"))
    refused("wrongAccountKind", e.transaction(e.rotate("liability", "alice-new"), by="alice"))
    refused("wrongAccountKind", e.transaction(e.status("first-bank", 1), by="first-bank"))

    refused("unneededSignature", forge(e.transaction(pay, by="alice carol"), key=9))
    refused("unneededSignature", e.transaction(e.status("alice", 1), by="first-bank"))
    refused("unknownKey", forge(e.transaction(pay, e.pay(("bob", "alice", 0, 1)), by="alice"), key=1))
    refused("unknownKey", forge(e.transaction(pay, by="alice"), scheme=ECDSA, signature=bytes(64)))
    refused("missingSignature", forge(
        e.transaction(pay, e.pay(("carol", "alice", 0, 1)), by="alice"), signature=bytes(64)))
    refused("missingSignature", e.transaction(e.pay(("family", "alice", 0, 1)), by="family:0"))
    refused("missingSignature", e.transaction(e.redeem("first-bank", "alice", 0, 1), by="first-bank"))
    proofless = replace(e.rotate("alice", "bob"), possession=(bytes(64),))
    refused("invalidSignature", forge(e.transaction(proofless, by="alice"), signature=bytes(64)))
    refused("invalidSignature", forge(  # more than the threshold needs, but every signature must be valid
        e.transaction(e.pay(("family", "alice", 0, 1)), by="family:0,1,2"), signature=bytes(64)))
    off_curve = Policy(1, (Key(BIP340, b"\xff" * 32, 1),))
    refused("invalidPossession", e.transaction(proofless, by="alice"))
    refused("invalidPossession", e.transaction(replace(proofless, policy=off_curve), by="alice"))

    refused("accountExists", e.transaction(opened[1], by="first-bank"))
    twice = e.opening("carol", "first-bank", 1, 99)
    refused("accountExists", e.transaction(twice, twice, by="first-bank"))
    refused("accountClosed", e.transaction(e.pay(("bob", "poor", 0, 1)), by="bob"))
    refused("accountClosed", e.transaction(e.rotate("poor", "poor"), by="poor"))
    refused("accountClosed", e.transaction(e.status("poor", 4), by="first-bank"))
    refused("debitsFrozen", e.transaction(e.pay(("bob", "carol", 0, too_much)), by="bob"))
    refused("debitsFrozen", e.transaction(e.redeem("first-bank", "bob", 0, too_much), by="bob first-bank"))
    refused("creditsFrozen", e.transaction(
        e.status("carol", 2), e.issue("first-bank", "carol", 0, too_much), by="first-bank"))
    refused("creditsFrozen", e.transaction(e.status("carol", 3), pay, by="alice first-bank"))
    refused("insufficientFunds", e.transaction(e.pay(("alice", "carol", 0, too_much)), by="alice"))
    refused("insufficientFunds", e.transaction(
        e.pay(("alice", "carol", 0, 1), ("carol", "alice", 0, 1), ("carol", "alice", 0, 1)), by="alice carol"))
    refused("quotaExceeded", e.transaction(e.issue("first-bank", "carol", 0, 50_035), by="first-bank"))
    refused("exceedsOutstanding", e.transaction(
        e.pay(("alice", "family", 0, 40_000)), e.redeem("second-bank", "family", 0, 20_001),
        by="alice family:0,1,2 second-bank"))
    refused("policyUnchanged", e.transaction(e.rotate("alice", "alice-new"), by="alice"))
    refused("statusUnchanged", e.transaction(e.status("bob", 1), by="first-bank"))
    refused("accountNotEmpty", e.transaction(e.status("bob", 4), by="first-bank"))
    full = state.accounts[state.index[e.accounts["family"]]].balances[0]
    kept, full.credits_posted = full.credits_posted, (1 << 128) - 1
    refused("counterOverflow", e.transaction(e.pay(("alice", "family", 0, 1)), by="alice"))
    full.credits_posted = kept

    # The largest amounts that the same limits allow.
    e.block(e.transaction(e.issue("first-bank", "carol", 0, 50_034), by="first-bank"),
            e.transaction(e.pay(("carol", "alice", 0, 50_034)), by="carol"),
            e.transaction(e.status("carol", 4), by="first-bank"))
    state.check_invariants()
    return len(seen)


KEY_FILE_EXAMPLE = b"""coffer key file v1
01010000000100002000000102030405060708090a0b0c0d0e0f808182838485
868788898a8b8c8d8e8f90919293949596970888790d1f5f3d6091d93e98a131
96e9b5a2a08cf75275efcae216f9fdb047f67de8289f4551ea8b2ef66a6509d8
612d25fc0c6393334f662b031fa8341ef72100e2018b33c669d85ab0de0a39e9
d6f1
"""


def check_key_files() -> None:
    """The example of keyfile.md, made and opened, and refused with any of its bytes changed."""
    example, passphrase = sha256(b"coffer example key A"), b"an example passphrase"
    blank = KeyFile(BIP340, True, 1, 8192, bytes(range(16)), bytes(range(0x80, 0x98)), b"", b"")
    expect(seal_key_file(blank, example, passphrase).encode() == KEY_FILE_EXAMPLE, "the key file of keyfile.md")
    expect(open_key_file(KEY_FILE_EXAMPLE, passphrase)[1] == example, "opening the key file of keyfile.md")
    expect_failure(lambda: open_key_file(KEY_FILE_EXAMPLE, b"another"), DoesNotHold, "a wrong passphrase")
    for position in range(len(KEY_FILE_EXAMPLE)):
        byte = KEY_FILE_EXAMPLE[position]
        for other in {byte ^ 1, byte ^ 32}:
            changed = KEY_FILE_EXAMPLE[:position] + bytes([other]) + KEY_FILE_EXAMPLE[position + 1:]
            try:
                opened = decode_key_file(changed)
            except NotCanonical:
                continue
            if opened.memory <= 16 * 1024 and opened.operations <= 2:  # only what opens quickly
                expect_failure(lambda: open_key_file(changed, passphrase), FAILURES, f"byte {position} changed")
    for kind, secret_bytes in ((ECDSA, example), (VALIDATOR, example + sha256(example))):
        file = seal_key_file(replace(blank, kind=kind), secret_bytes, passphrase)
        expect(open_key_file(file.encode(), passphrase) == (file, secret_bytes), f"a key file of kind {kind}")


def check_vectors(directory: Path) -> int:
    """The published vectors of the primitives, where the folder has them."""
    count = 0
    with open(directory / "bip-0340.csv", newline="") as file:
        for row in csv.DictReader(file):
            public, message, signature = (bytes.fromhex(row[k]) for k in ("public key", "message", "signature"))
            valid = valid_signature(BIP340, public, message, signature)
            expect(valid == (row["verification result"] == "TRUE"), f"bip-0340.csv row {row['index']}")
            count += 1
    for group in json.loads((directory / "wycheproof-ecdsa-secp256k1-p1363.json").read_text())["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["uncompressed"])
        for test in group["tests"]:
            signature = bytes.fromhex(test["sig"])
            low = len(signature) == 64 and int.from_bytes(signature[32:], "big") <= GROUP_ORDER // 2
            valid = low and valid_signature(ECDSA, public, sha256(bytes.fromhex(test["msg"])), signature)
            expect(valid == (low and test["result"] == "valid"), f"ECDSA vector {test['tcId']}")
            count += 1
    for group in json.loads((directory / "wycheproof-ed25519.json").read_text())["testGroups"]:
        public = bytes.fromhex(group["publicKey"]["pk"])
        for test in group["tests"]:
            valid = valid_ed25519(public, bytes.fromhex(test["msg"]), bytes.fromhex(test["sig"]))
            expect(valid == (test["result"] == "valid"), f"Ed25519 vector {test['tcId']}")
            count += 1
    return count


def self_check(vectors: Path | None) -> dict:
    check_encoding()
    e, proofs = make_example()
    report = {"changedTransactionsThatDecode": check_canonical(e), "changedProofsRefused": check_proofs(e, proofs)}
    with tempfile.TemporaryDirectory() as directory:
        report["changedExportsRefused"] = check_export(e, Path(directory))
    report["refusalCodes"] = check_refusals()
    check_key_files()
    size, root = check_checkpoint(e.spec, e.checkpoint())
    expect((size, root) == (len(e.blocks) + 1, e.chain.history.root()), "the checkpoint")
    if vectors:
        report["publishedVectors"] = check_vectors(vectors)
    return {"holds": True} | report
