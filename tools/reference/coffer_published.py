"""Checks the primitives against vectors that other specifications publish, in their own formats."""

import base64
import csv
import json
from pathlib import Path

import nacl.bindings
import nacl.exceptions

from coffer_keys import bech32m_parts
from pyverify.checkpoint import holds_consistency
from pyverify.ed25519 import valid_ed25519
from pyverify.encoding import (
    BIP340, ECDSA, GROUP_ORDER, DoesNotHold, Unreadable, bech32m_text, root_from_path, sha256, valid_signature,
)


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise DoesNotHold("vector", f"published vector: {what}")


def wycheproof(file: Path):
    """Every test of a file of Project Wycheproof with its group."""
    for group in json.loads(file.read_text())["testGroups"]:
        for test in group["tests"]:
            yield group, test, f"{file.name} {test['tcId']}"


def check_bip340(file: Path) -> int:
    with open(file, newline="") as lines:
        rows = list(csv.DictReader(lines))
    for row in rows:
        public, message, signature = (bytes.fromhex(row[name]) for name in ("public key", "message", "signature"))
        valid = valid_signature(BIP340, public, message, signature)
        expect(valid == (row["verification result"] == "TRUE"), f"{file.name} row {row['index']}")
    return len(rows)


def check_ecdsa(file: Path) -> int:
    count = 0
    for group, test, what in wycheproof(file):
        public, signature = bytes.fromhex(group["publicKey"]["uncompressed"]), bytes.fromhex(test["sig"])
        low = len(signature) == 64 and int.from_bytes(signature[32:], "big") <= GROUP_ORDER // 2
        valid = low and valid_signature(ECDSA, public, sha256(bytes.fromhex(test["msg"])), signature)
        expect(valid == (low and test["result"] == "valid"), what)
        count += 1
    return count


def check_ed25519(file: Path) -> int:
    count = 0
    for group, test, what in wycheproof(file):
        public, message, signature = (bytes.fromhex(t) for t in (group["publicKey"]["pk"], test["msg"], test["sig"]))
        expect(valid_ed25519(public, message, signature) == (test["result"] == "valid"), what)
        count += 1
    return count


def check_xchacha20(file: Path) -> int:
    count = 0
    for group, test, what in wycheproof(file):
        key, nonce, more, message, sealed, tag = (bytes.fromhex(test[k]) for k in ("key", "iv", "aad", "msg", "ct", "tag"))
        try:
            opened = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(sealed + tag, more, nonce, key) == message
        except (nacl.exceptions.CryptoError, nacl.exceptions.ValueError):
            opened = False
        expect(opened == (test["result"] == "valid"), what)
        count += 1
    return count


def check_inclusion(file: Path) -> int:
    """RFC 6962 section 2.1.1. Where a hash is left out or has another length, no proof holds."""
    tests = json.loads(file.read_text())
    for test in tests:
        leaf, wanted, *path = (base64.b64decode(text or "") for text in (
            test["leafHash"], test["root"], *(test["proof"] or [])))
        hashes = {len(value) for value in (leaf, wanted, *path)} == {32}
        holds = hashes and root_from_path(leaf, test["leafIdx"], test["treeSize"], path) == wanted
        expect(holds == (not test["wantErr"]), f"{file.name} {test['_file']}")
    return len(tests)


def check_consistency(file: Path) -> int:
    """Some have a text for a root, since only whether roots are equal matters."""
    tests = json.loads(file.read_text())
    for test in tests:
        old_root, root, *proof = (base64.b64decode(text or "") for text in (
            test["root1"], test["root2"], *(test["proof"] or [])))
        holds = holds_consistency(test["size1"], old_root, test["size2"], root, proof)
        expect(holds == (not test["wantErr"]), f"{file.name} {test['_file']}")
    return len(tests)


def check_bech32m(file: Path) -> int:
    tests = json.loads(file.read_text())
    for text in tests["valid"]:
        expect(bech32m_text(*bech32m_parts(text)) == text.lower(), f"{file.name} {text}")
    for text, why in tests["invalid"]:
        try:
            bech32m_parts(text)
        except Unreadable:
            continue
        expect(False, f"{file.name} {text!r} is accepted: {why}")
    return len(tests["valid"]) + len(tests["invalid"])


PUBLISHED = {
    "bip-0340.csv": check_bip340, "wycheproof-ecdsa-secp256k1-p1363.json": check_ecdsa,
    "wycheproof-ed25519.json": check_ed25519, "wycheproof-xchacha20-poly1305.json": check_xchacha20,
    "rfc6962-inclusion.json": check_inclusion, "rfc6962-consistency.json": check_consistency,
    "bech32m.json": check_bech32m}
