"""Makes the project's vectors that are not proofs: the worked example, chain specifications, text, accounts, refusals.

Every file is an object with `about` and lists of cases. A refused case has the code of errors.md that it is refused with,
and one offence only, so that the order of the checks does not matter.
"""

import copy
import json
from dataclasses import replace

from coffer_development import (
    EUR, JPY, MEMO, PROJECT, WorkedExample, development_chainspec, development_secret, published_chainspec,
)
from coffer_example import example_chainspec
from coffer_keys import inclusion_path, name_of, public_key
from coffer_refusals import refusal_scene, refused_transactions
from coffer_transaction import transaction_json
from coffer_writing import block_bytes
from pyverify.chain import genesis_header
from pyverify.chainspec import Chainspec, chainspec_from_json
from pyverify.encoding import BIP340, ECDSA, SCHEMES, Key, Policy, Tree, unsigned
from pyverify.state_tree import KIND_NAMES, LIABILITY, Account, Balance, State

SECRETS_ARE_PUBLIC = "Secrets here are public: never use them."
REMOVED = object()


def compact(item) -> str:
    return json.dumps(item, ensure_ascii=False, separators=(",", ":"))


def edited(base, path: str, value):
    """A copy in which what stands at a path of keys and positions is replaced, added or removed."""
    result = copy.deepcopy(base)
    *way, last = [int(step) if step.isdigit() else step for step in path.split(".")]
    target = result
    for step in way:
        target = target[step]
    if value is REMOVED:
        del target[last]
    else:
        target[last] = value
    return result


# ---------------------------------------------------------------- example.json


def example_vectors(e: WorkedExample) -> dict:
    leaves = [b"a", b"b", b"c"]
    tree = Tree(leaves)
    return {
        "about": "The chain of the worked examples in docs/spec, on the network of chainspec/development.json: five blocks, a "
                 "second apart, the first one empty; every transaction expires at 2026-01-01T01:00:00.000Z, and the nonces are "
                 "1, 2, 3 and so on. A secret is tagged(\"coffer/development-key/v1\", name). BIP 340 signatures are made with "
                 "32 zero bytes of auxiliary randomness, ECDSA signatures with the nonce of RFC 6979. Times are in "
                 "milliseconds. Leaves of state and supply tree are those after the block. " + SECRETS_ARE_PUBLIC,
        "network": e.spec.network.hex(),
        "keys": [key_vector(name) for name in (
            "central-bank", "first-bank", "wallet-operator", "alice", "alice/new", "bob", "second-bank",
            "validator-1/block")],
        "tree": {"leaves": [leaf.hex() for leaf in leaves], "leafHashes": [h.hex() for h in tree.levels[0]],
                 "firstTwo": tree.levels[1][0].hex(), "root": tree.root().hex(),
                 "paths": [[h.hex() for h in inclusion_path(tree, position)] for position in range(3)]},
        "accounts": [account_vector(e, name) for name in e.accounts],
        "memo": {"salt": MEMO[0].hex(), "text": MEMO[1], "commitment": e.named("payment").memo_commitment.hex()},
        "transactions": [transaction_vector(e, name) for name in e.transactions],
        "blocks": [block_vector(e, height) for height in range(len(e.blocks) + 1)],
        "entries": entry_vectors(e)}


def key_vector(name: str) -> dict:
    scheme, secret = ECDSA if name == "second-bank" else BIP340, development_secret(name)
    return {"name": name, "scheme": name_of(SCHEMES, scheme), "secret": secret.hex(),
            "publicKey": public_key(scheme, secret).hex()}


def account_vector(e: WorkedExample, name: str) -> dict:
    """What is settled about an account when it is opened."""
    identity = e.accounts[name]
    account = e.chain.state.by_id[identity]
    # Alice's keys were rotated since; the id is made from the first policy.
    policy = e.policy(1, (BIP340, "alice", 1))[0] if name == "alice" else account.policy
    result = {"name": name, "kind": KIND_NAMES[account.kind], "index": account.index, "id": identity.hex(),
              "address": e.spec.address(identity), "policy": policy.encode().hex()}
    if account.opened_height:
        result["possessionHash"] = e.spec.possession_hash(identity, policy).hex()
    return result


def transaction_vector(e: WorkedExample, name: str) -> dict:
    transaction, (height, position) = e.named(name), e.transactions[name]
    return {"name": name, "height": height, "position": position, "content": transaction.content.hex(),
            "id": transaction.id().hex(), "signingHash": transaction.signing_hash().hex(), "bytes": transaction.data.hex(),
            "json": compact(transaction_json(e.spec, transaction))}


def block_vector(e: WorkedExample, height: int) -> dict:
    header = e.blocks[height - 1].header if height else genesis_header(e.spec)
    result = {"name": f"block-{height}", "height": height, "time": header.time, "header": header.encode().hex(),
              "hash": header.block_hash().hex(), "stateLeaves": [leaf.hex() for leaf in e.state_leaves[height]],
              "supplyLeaves": [leaf.hex() for leaf in e.supply_leaves[height]]}
    if height:
        block = e.blocks[height - 1]
        certified = block_bytes(block)
        result |= {"attestedHash": header.attested_hash().hex(), "bytes": certified.hex()}
        result["attestations"] = certified[len(certified) - 2 - 66 * len(block.attestations):].hex()
    return result


def entry_vectors(e: WorkedExample) -> list[dict]:
    """The entry chain of every account, in the order of effects; the last hash of each is in its state leaf."""
    names, latest, result = {identity: name for name, identity in e.accounts.items()}, {}, []
    for identity, entry in e.chain.state.entries:
        count, previous = latest.get(identity, (0, bytes(32)))
        latest[identity] = count + 1, entry.hash_after(previous)
        result.append({"name": f"{names[identity]}-{count + 1}", "account": names[identity],
                       "bytes": entry.encode().hex(), "hash": latest[identity][1].hex()})
    return result


# ---------------------------------------------------------------- chainspec.json

SMALLEST_CHAINSPEC = {
    "format": "coffer-chainspec/v1", "development": True, "name": "s", "addressPrefix": "s",
    "genesisTime": "1970-01-01T00:00:00Z",
    "institutions": [
        {"name": name, "kind": kind, "policy": {"threshold": 1, "keys": [
            {"scheme": "bip340", "key": public_key(BIP340, development_secret(key)).hex(), "weight": 1}]}}
        for name, kind, key in (("a", "authority", "central-bank"), ("b", "bank", "first-bank"))],
    "assets": [{"code": "AAA", "decimals": 0, "authority": "a", "issuers": [{"bank": "b", "quota": "0"}]}],
    "validators": [{"name": "v", "institution": "b",
                    "blockKey": "c6d673a4d4f0d0c111872651023f3ce64d7a912f751742841534192c43b58bf1",
                    "checkpointKey": "48ea2d55446519568f1df5fe0d1463a03a5a5deba39ff049186daf32286f4164"}],
    "quorum": 1, "rules": [{"fromHeight": 0, "version": 1}]}


def widest_chainspec() -> str:
    """Long names, large numbers, a weighted policy, fields in another order, white space."""
    def keys(*names: tuple[int, str, int]) -> list[dict]:
        ordered = sorted((scheme, public_key(scheme, development_secret(name)), weight) for scheme, name, weight in names)
        return [{"weight": weight, "key": key.hex(), "scheme": name_of(SCHEMES, scheme)} for scheme, key, weight in ordered]

    two_banks = json.loads((PROJECT / "chainspec" / "two-banks.json").read_text())
    return json.dumps({
        "rules": [{"version": 1, "fromHeight": 0}, {"version": 1, "fromHeight": (1 << 64) - 1}], "quorum": 3,
        "validators": [validator | {"institution": "auditor-of-everything-0123456789"}
                       for validator in two_banks["validators"]],
        "assets": [
            {"issuers": [{"quota": "184467440737.09551615", "bank": "bank-1"}, {"quota": "0.5", "bank": "bank-2"}],
             "authority": "-", "decimals": 8, "code": "0123456789AZ"},
            {"issuers": [{"quota": "18446744073709551615", "bank": "bank-2"}], "authority": "-", "decimals": 0,
             "code": "000"}],
        "institutions": [
            {"policy": {"keys": keys((ECDSA, "second-bank", 255), (BIP340, "alice", 255), (BIP340, "bob", 1)),
                        "threshold": 511}, "kind": "auditor", "name": "auditor-of-everything-0123456789"},
            {"policy": {"keys": keys((BIP340, "central-bank", 7)), "threshold": 7}, "kind": "authority", "name": "-"},
            {"policy": {"keys": keys((BIP340, "alice", 1), (ECDSA, "alice", 1)), "threshold": 1}, "kind": "bank",
             "name": "bank-1"},
            {"policy": {"keys": keys((BIP340, "first-bank", 1)), "threshold": 1}, "kind": "bank", "name": "bank-2"}],
        "genesisTime": "9999-12-31T23:59:59.9Z", "addressPrefix": "abcdefghijklmnop",
        "name": "name-of-the-widest-network-00032", "development": True, "format": "coffer-chainspec/v1"}, indent=1)


def chainspec_vectors() -> dict:
    def valid(name: str, document: str, **source) -> dict:
        spec = chainspec_from_json(document.encode())
        state, header = State(spec), genesis_header(spec)
        return {"name": name} | source | {
            "bytes": spec.encode().hex(), "network": spec.network.hex(),
            "accountIDs": [a.id.hex() for a in state.accounts],
            "addresses": [spec.address(a.id) for a in state.accounts],
            "stateLeaves": [a.encode().hex() for a in state.accounts],
            "genesisHeader": header.encode().hex(), "genesisHash": header.block_hash().hex()}

    def published(name: str) -> dict:
        path = f"chainspec/{name}.json"
        return valid(name, (PROJECT / path).read_text(), file=path)

    smallest, widest = compact(SMALLEST_CHAINSPEC), widest_chainspec()
    return {
        "about": "Chain specifications (docs/spec/chainspec.md). Under valid: the JSON, as a file of the project or as text, its "
                 "canonical bytes, its hash, the genesis accounts in order, and the genesis header. Each text under refused is "
                 "refused with the error named, a code of errors.md section 3; field is the field concerned, where one is.",
        "valid": [published("development"), published("two-banks"), valid("smallest", smallest, text=smallest),
                  valid("widest", widest, text=widest)],
        "refused": refused_chainspecs()}


def refused_chainspecs() -> list[dict]:
    cases, base = [], SMALLEST_CHAINSPEC
    other_key = public_key(BIP340, development_secret("alice")).hex()
    key = base["institutions"][0]["policy"]["keys"][0]

    def add(name: str, error: str, field: str, path: str, value) -> None:
        case = {"name": name, "error": error, "field": field, "text": compact(edited(base, path, value))}
        cases.append(case)

    def value(name: str, field: str, path: str, new) -> None:
        add(name, "fieldValue", field, path, new)

    text = compact(base)
    cases.append({"name": "cut", "error": "jsonSyntax", "text": text[:-1]})
    cases.append({"name": "a field twice", "error": "jsonDuplicateKey", "text": text[:-1] + ',"quorum":1}'})
    add("no quorum", "fieldMissing", "quorum", "quorum", REMOVED)
    add("a field that there is not", "fieldUnknown", "comment", "comment", "")
    add("null for a value", "fieldType", "genesisTime", "genesisTime", None)
    add("a number for a text", "fieldType", "name", "name", 1)
    add("a text for a boolean", "fieldType", "development", "development", "true")
    add("an amount as a number", "fieldType", "assets[0].issuers[0].quota", "assets.0.issuers.0.quota", 0)
    value("another format", "format", "format", "coffer-chainspec/v2")
    value("an empty name", "name", "name", "")
    value("a name of 33", "name", "name", "n" * 33)
    value("a capital in the name", "name", "name", "S")
    value("a digit in the prefix", "addressPrefix", "addressPrefix", "s1")
    value("a prefix of 17", "addressPrefix", "addressPrefix", "s" * 17)
    value("a time before 1970", "genesisTime", "genesisTime", "1969-12-31T23:59:59Z")
    value("a leap second", "genesisTime", "genesisTime", "2016-12-31T23:59:60Z")
    value("four digits of fraction", "genesisTime", "genesisTime", "2026-01-01T00:00:00.0000Z")
    value("no institutions", "institutions", "institutions", [])
    value("a name used twice", "institutions[2].name", "institutions",
          [*base["institutions"], base["institutions"][0] | {"kind": "operator"}])
    value("an unknown kind", "institutions[0].kind", "institutions.0.kind", "central bank")
    value("threshold zero", "institutions[0].policy.threshold", "institutions.0.policy.threshold", 0)
    value("threshold above the weights", "institutions[0].policy.threshold", "institutions.0.policy.threshold", 2)
    value("no keys", "institutions[0].policy.keys", "institutions.0.policy.keys", [])
    value("a key twice", "institutions[0].policy.keys[1].key", "institutions.0.policy.keys", [key, key])
    value("weight zero", "institutions[0].policy.keys[0].weight", "institutions.0.policy.keys.0.weight", 0)
    value("weight 256", "institutions[0].policy.keys[0].weight", "institutions.0.policy.keys.0.weight", 256)
    value("an unknown scheme", "institutions[0].policy.keys[0].scheme", "institutions.0.policy.keys.0.scheme", "ed25519")
    value("a key of 31 bytes", "institutions[0].policy.keys[0].key", "institutions.0.policy.keys.0.key", key["key"][2:])
    value("a key in capitals", "institutions[0].policy.keys[0].key", "institutions.0.policy.keys.0.key", key["key"].upper())
    value("a key off the curve", "institutions[0].policy.keys[0].key", "institutions.0.policy.keys.0.key", "00" * 32)
    value("no assets", "assets", "assets", [])
    value("a code of two", "assets[0].code", "assets.0.code", "AA")
    value("a code of 13", "assets[0].code", "assets.0.code", "A" * 13)
    value("a code in small letters", "assets[0].code", "assets.0.code", "aaa")
    value("a code twice", "assets[1].code", "assets", base["assets"] * 2)
    value("nine decimals", "assets[0].decimals", "assets.0.decimals", 9)
    value("governed by a bank", "assets[0].authority", "assets.0.authority", "b")
    value("governed by nobody known", "assets[0].authority", "assets.0.authority", "c")
    value("no issuers", "assets[0].issuers", "assets.0.issuers", [])
    value("issued by an authority", "assets[0].issuers[0].bank", "assets.0.issuers.0.bank", "a")
    value("an issuer twice", "assets[0].issuers[1].bank", "assets.0.issuers", base["assets"][0]["issuers"] * 2)
    value("a quota with too many decimals", "assets[0].issuers[0].quota", "assets.0.issuers.0.quota", "0.0")
    value("a quota of 2^64", "assets[0].issuers[0].quota", "assets.0.issuers.0.quota", str(1 << 64))
    value("no validators", "validators", "validators", [])
    value("a block key off the curve", "validators[0].blockKey", "validators.0.blockKey", "00" * 32)
    two = [base["validators"][0], base["validators"][0] | {"name": "w"}]
    value("a block key twice", "validators[1].blockKey", "validators", [two[0], two[1] | {"checkpointKey": "00" * 32}])
    value("a checkpoint key twice", "validators[1].checkpointKey", "validators", [two[0], two[1] | {"blockKey": other_key}])
    value("quorum zero", "quorum", "quorum", 0)
    value("a quorum of more than there are", "quorum", "quorum", 2)
    value("no rules", "rules", "rules", [])
    value("rules not from height 0", "rules[0].fromHeight", "rules.0.fromHeight", 1)
    value("rules twice from one height", "rules[1].fromHeight", "rules", base["rules"] * 2)
    value("rules of an unknown version", "rules[0].version", "rules.0.version", 2)
    return cases


# ---------------------------------------------------------------- text.json


def text_vectors() -> dict:
    return {
        "about": "Strict JSON, amounts and times (docs/spec/encoding.md section 6). json: each text, or text of these bytes, is "
                 "read or refused with the error named. amounts: minor units are decimal strings here; written is the text "
                 "that the amount is written as. times: milliseconds since 1970.",
        "json": {
            "valid": ["{}", "[]", " [ 1 ,\n2\t]\r", '{"a":{"b":[true,false,"x"]}}', "0", "18446744073709551615", '"text"',
                      '"\\"\\\\\\/\\b\\f\\n\\r\\t"', '"\\u00e9\\ud83d\\ude00é😀"', '{"a":1,"A":2,"":3}', "[" * 16 + "]" * 16],
            "refused": [{"error": error, "text": text} for error, text in (
                ("jsonSyntax", ""), ("jsonSyntax", "[1,]"), ("jsonSyntax", '{"a":1,}'), ("jsonSyntax", "[1] 2"),
                ("jsonSyntax", "['a']"), ("jsonSyntax", "{a:1}"), ("jsonSyntax", "[01]"), ("jsonSyntax", "[NaN]"),
                ("jsonSyntax", "[Infinity]"), ("jsonSyntax", "[+1]"), ("jsonSyntax", "[.5]"), ("jsonSyntax", "[1.]"),
                ("jsonSyntax", "nul"), ("jsonSyntax", '"a'), ("jsonSyntax", '"\t"'), ("jsonSyntax", '"\\x41"'),
                ("jsonSyntax", '"\\u12g4"'), ("jsonSyntax", '"\\ud800"'), ("jsonSyntax", '"\\udc00\\ud800"'),
                ("jsonSyntax", "\ufeff[]"), ("jsonSyntax", "[1]\u00a0"), ("jsonSyntax", "// x\n[]"),
                ("jsonDuplicateKey", '{"a":1,"a":1}'), ("jsonDuplicateKey", '[{"b":{"a":1,"\\u0061":2}}]'),
                ("fieldValue", "[-1]"), ("fieldValue", "[-0]"), ("fieldValue", "[1.0]"), ("fieldValue", "[1e3]"),
                ("fieldValue", "[18446744073709551616]"), ("jsonDepth", "[" * 17 + "]" * 17))]
            + [{"error": "jsonSyntax", "bytes": data} for data in ("22ff22", "22c322", "22eda08022", "22c0af22")]},
        "amounts": {
            "valid": [{"text": text, "decimals": decimals, "minorUnits": str(value), "written": written}
                      for text, decimals, value, written in (
                          ("12.34", 2, 1234, "12.34"), ("12.3", 2, 1230, "12.30"), ("12", 2, 1200, "12.00"),
                          ("0.01", 2, 1, "0.01"), ("0", 2, 0, "0.00"), ("0", 0, 0, "0"), ("7", 0, 7, "7"),
                          ("0.00000001", 8, 1, "0.00000001"), ("18446744073709551615", 0, (1 << 64) - 1, "18446744073709551615"),
                          ("184467440737.09551615", 8, (1 << 64) - 1, "184467440737.09551615"))],
            "refused": [{"text": text, "decimals": decimals} for text, decimals in (
                ("", 2), (".", 2), (".5", 2), ("5.", 2), ("00", 2), ("00.5", 2), ("01", 0), ("-1", 2), ("+1", 2), (" 1", 2),
                ("1 ", 2), ("1,5", 2), ("1e2", 2), ("1_0", 2), ("0x1", 0), ("1.234", 2), ("1.0", 0), ("1.2.3", 2), ("１", 0),
                ("18446744073709551616", 0), ("184467440737095516.16", 2), ("1" * 40, 0))]},
        "times": {
            "valid": [{"text": text, "milliseconds": milliseconds, "written": written} for text, milliseconds, written in (
                ("1970-01-01T00:00:00Z", 0, "1970-01-01T00:00:00.000Z"),
                ("1970-01-01T00:00:00.5Z", 500, "1970-01-01T00:00:00.500Z"),
                ("1970-01-01T00:00:00.05Z", 50, "1970-01-01T00:00:00.050Z"),
                ("1970-01-01T00:00:00.005Z", 5, "1970-01-01T00:00:00.005Z"),
                ("2000-02-29T23:59:59.999Z", 951868799999, "2000-02-29T23:59:59.999Z"),
                ("2026-11-23T15:04:05.123Z", 1795446245123, "2026-11-23T15:04:05.123Z"),
                ("9999-12-31T23:59:59.999Z", 253402300799999, "9999-12-31T23:59:59.999Z"))],
            "refused": ["", "1969-12-31T23:59:59.999Z", "2026-02-29T00:00:00Z", "2100-02-29T00:00:00Z", "2026-13-01T00:00:00Z",
                        "2026-00-01T00:00:00Z", "2026-01-00T00:00:00Z", "2026-01-01T24:00:00Z", "2026-01-01T00:60:00Z",
                        "2016-12-31T23:59:60Z", "2026-01-01T00:00:00", "2026-01-01 00:00:00Z", "2026-01-01t00:00:00Z",
                        "2026-01-01T00:00:00z", "2026-01-01T00:00:00+00:00", "2026-01-01T00:00:00.Z",
                        "2026-01-01T00:00:00.1234Z", "2026-01-01T00:00:00,1Z", "2026-1-01T00:00:00Z", "+02026-01-01T00:00:00Z",
                        "10000-01-01T00:00:00Z", "２026-01-01T00:00:00Z"]}}


# ---------------------------------------------------------------- account.json


def account_vectors(e: WorkedExample) -> dict:
    leaves = e.state_leaves[4]
    bob, shared, owes = (Account.decode(leaves[position]) for position in (6, 7, 3))
    most_keys = Policy(16 * 255, tuple(sorted(
        (Key(scheme, public_key(scheme, development_secret(f"key-{n}")), 255) for n in range(8) for scheme in (BIP340, ECDSA)),
        key=lambda key: (key.scheme, key.public))))
    full = (1 << 128) - 1
    largest = replace(bob, status=4, tier=255, index=(1 << 64) - 1, opened_height=(1 << 64) - 1, policy=most_keys,
                      entry_count=(1 << 64) - 1, balances={asset: Balance(full, full - 1, full, 1) for asset in range(64)})
    valid = {"institution": leaves[1], "liability": leaves[3], "wallet": leaves[5], "bank-issued": leaves[6],
             "weighted-policy": leaves[7], "largest": largest.encode()}
    one_key, policy_start = bob.encode(), 1 + 1 + 1 + 1 + 2 + 8 + 32 + 8
    cases = []

    def add(name: str, error: str, data: bytes) -> None:
        cases.append({"name": name, "error": error, "bytes": data.hex()})

    def at(position: int, *values: int) -> bytes:
        return one_key[:position] + bytes(values) + one_key[position + len(values):]

    def with_keys(threshold: int, *keys: Key) -> bytes:
        return replace(bob, policy=Policy(threshold, keys)).encode()

    key, (low, high, heavy) = bob.policy.keys[0], shared.policy.keys
    add("version 2", "unknownVersion", at(0, 2))
    add("kind 4", "unknownKind", at(1, 4))
    add("status 5", "unknownStatus", at(2, 5))
    add("cut", "truncated", one_key[:-1])
    add("empty", "truncated", b"")
    add("a byte more", "trailingBytes", one_key + b"\0")
    add("threshold zero", "thresholdOutOfRange", at(policy_start, 0, 0))
    add("threshold above the weights", "thresholdOutOfRange", at(policy_start, 0, 2))
    add("no keys", "countOutOfRange", with_keys(1))
    add("17 keys", "countOutOfRange", with_keys(17, *(replace(key, public=unsigned(n, 32)) for n in range(17))))
    add("scheme 0", "unknownScheme", at(policy_start + 3, 0))
    add("scheme 3", "unknownScheme", at(policy_start + 3, 3))
    add("weight zero", "weightOutOfRange", with_keys(1, low, replace(high, weight=0)))
    add("keys descending", "unsortedKeys", with_keys(1, high, low))
    add("schemes descending", "unsortedKeys", with_keys(1, heavy, low))
    add("a key twice", "unsortedKeys", with_keys(1, low, replace(low, weight=2)))
    add("an uncompressed key", "malformedKey", with_keys(1, replace(heavy, public=b"\4" + heavy.public[1:])))
    add("a liability account with a key", "countOutOfRange", replace(owes, policy=bob.policy).encode())
    add("an institution without keys", "countOutOfRange",
        replace(Account.decode(leaves[1]), policy=replace(bob.policy, threshold=1, keys=())).encode())
    add("65 balances", "countOutOfRange", replace(bob, balances={asset: Balance() for asset in range(65)}).encode())
    balances = bob.encode()[-132:]
    add("balances descending", "unsortedBalances", bob.encode()[:-132] + balances[66:] + balances[:66])
    add("an asset twice", "unsortedBalances", bob.encode()[:-132] + balances[:66] * 2)
    add("a holder that paid more than it received", "negativeBalance",
        replace(bob, balances={EUR: Balance(1, 2, 0, 0)}).encode())
    add("a holder that reserved more than it has", "negativeBalance",
        replace(bob, balances={JPY: Balance(2, 1, 0, 2)}).encode())
    add("debits that add up to more than 128 bits", "negativeBalance",
        replace(bob, balances={JPY: Balance(full, full, 0, 1)}).encode())
    add("more redeemed than issued", "negativeBalance", replace(owes, balances={EUR: Balance(2, 1, 0, 0)}).encode())
    assert owes.kind == LIABILITY
    return {
        "about": "Encoded accounts (docs/spec/state-tree.md section 2), and with them key policies (encoding.md section 4). "
                 "Each of the bytes under refused does not decode, with the error named, a code of errors.md section 4.",
        "valid": [{"name": name, "bytes": data.hex()} for name, data in valid.items()], "refused": cases}


# ---------------------------------------------------------------- refusals.json


def refusal_vectors() -> dict:
    e = refusal_scene()
    cases = refused_transactions(e)
    return {
        "about": "Every refusal of docs/spec/rules.md section 3 but counterOverflow. The blocks are valid, from height 1; a "
                 "block of the next height that begins with the transaction is refused at this time for the reason named, "
                 "even where a later reason applies too. Times are in milliseconds. " + SECRETS_ARE_PUBLIC,
        "chainspec": compact(json.loads(example_chainspec())), "blocks": [block_bytes(block).hex() for block in e.blocks],
        "refused": [{"name": f"{case.code}: {case.why}", "error": case.code, "time": case.time,
                     "bytes": case.transaction.data.hex()} for case in cases]}


def networks() -> dict[str, Chainspec]:
    return {"development": development_chainspec(), "two-banks": published_chainspec("two-banks")}
