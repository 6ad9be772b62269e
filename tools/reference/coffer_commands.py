"""The commands but `demo` and those about vectors: each takes its arguments and returns what to print."""

import os
import secrets
import time
from pathlib import Path

from coffer_keyfile import KIND_NAMES, open_key_file
from coffer_keys import account_of, money, prove_possession, public_key
from coffer_report import account_json, header_json, transaction_report
from coffer_transaction import (
    NO_MEMO, OPERATION_TYPES, make_transaction, signed, submission_from_json, transaction_from_json,
)
from pyverify.chain import genesis_header
from pyverify.chainspec import Chainspec, chainspec_from_json
from pyverify.encoding import GROUP_ORDER, SCHEMES, Key, Policy, Reader, Unreadable
from pyverify.state_tree import State
from pyverify.strict_json import json_choice, json_hex, strict_json, time_of
from pyverify.transaction import (
    ISSUE, OPENED_KINDS, OPEN_ACCOUNTS, REDEEM, SET_STATUS, STATUSES, TRANSFER, Opening, Operation, decode_transaction,
    memo_commitment,
)

# ---------------------------------------------------------------- chainspecs and transactions


def load_chainspec(path: str) -> Chainspec:
    return chainspec_from_json(Path(path).read_bytes())


def network(arguments) -> dict:
    spec = load_chainspec(arguments.chainspec)
    state, header = State(spec), genesis_header(spec)
    return {"name": spec.name, "network": spec.network.hex(), "bytes": spec.encode().hex(),
            "accounts": [account_json(spec, a) | {"bytes": a.encode().hex()} for a in state.accounts],
            "genesis": header_json(header)}


def read_secret(path: str) -> bytes:
    """A secret key of secp256k1: a file of 32 raw bytes, or of 64 hexadecimal digits and perhaps a newline."""
    data = Path(path).read_bytes()
    if len(data) != 32:
        try:
            data = json_hex(data.decode("ascii").rstrip("\n"), 32)
        except (UnicodeDecodeError, Unreadable):
            raise Unreadable("secretKey", f"{path} holds neither 32 raw bytes nor 64 hexadecimal digits") from None
    if not 0 < int.from_bytes(data, "big") < GROUP_ORDER:
        raise Unreadable("secretKey", f"{path} does not hold a secret key: the number is out of range")
    return data


def new_policy(arguments) -> tuple[Policy, list[tuple[int, bytes]]]:
    """The key policy of `--key` and `--threshold`, and the secrets in the policy's order (encoding.md 4)."""
    keys = []
    for scheme_name, weight, path in arguments.key:
        scheme, secret = json_choice(scheme_name, SCHEMES, "the scheme"), read_secret(path)
        keys.append((scheme, public_key(scheme, secret), integer(weight, 255), secret))
    keys.sort(key=lambda k: k[:2])
    policy = Policy(arguments.threshold, tuple(Key(*k[:3]) for k in keys))
    return Policy.read(Reader(policy.encode())), [(k[0], k[3]) for k in keys]


def integer(text: str, high: int) -> int:
    if not text.isascii() or not text.isdigit() or int(text) > high:
        raise Unreadable("usage", f"{text!r} is not an integer from 0 to {high}")
    return int(text)


def make_opening(spec: Chainspec, sponsor: bytes, kind: int, tier: int, salt: bytes, policy: Policy,
                 keys: list[tuple[int, bytes]]) -> tuple[bytes, Opening]:
    account = spec.opened_account(kind, sponsor, salt, policy)
    return account, Opening(kind, tier, salt, policy, prove_possession(spec, account, policy, keys))


def build_operation(arguments, spec: Chainspec) -> tuple[Operation, dict]:
    """The operation that a `build-…` command describes (transaction.md 2), and what else to print."""
    def account(text: str) -> bytes:
        return account_of(spec.prefix, text)

    kind = OPERATION_TYPES[arguments.operation]
    if kind == OPEN_ACCOUNTS:
        sponsor, (policy, keys) = account(arguments.sponsor), new_policy(arguments)
        salt = json_hex(arguments.salt or secrets.token_hex(16), 16, "--salt")
        opened, opening = make_opening(spec, sponsor, OPENED_KINDS[arguments.kind], arguments.tier, salt, policy, keys)
        return Operation(kind, (sponsor,), openings=(opening,)), {"account": spec.address(opened)}
    if kind == TRANSFER:
        return Operation(kind, legs=tuple(
            (account(source), account(target), *money(spec, code, amount))
            for source, target, code, amount in arguments.leg)), {}
    if kind in (ISSUE, REDEEM):
        asset, amount = money(spec, arguments.asset, arguments.amount)
        return Operation(kind, (account(arguments.bank), account(arguments.account)), asset=asset, amount=amount), {}
    rotated = account(arguments.account)
    if kind == SET_STATUS:
        return Operation(kind, (rotated,), status=STATUSES[arguments.status]), {}
    policy, keys = new_policy(arguments)
    return Operation(kind, (rotated,), policy=policy, possession=prove_possession(spec, rotated, policy, keys)), {}


def build(arguments) -> dict:
    spec = load_chainspec(arguments.chainspec)
    operation, extra = build_operation(arguments, spec)
    signers = [
        (account_of(spec.prefix, a), integer(key, 255), json_choice(scheme, SCHEMES, "the scheme"), read_secret(path))
        for a, key, scheme, path in arguments.signer]
    expiry = time_of(arguments.expiry) if arguments.expiry else int(time.time() + 3600) * 1000
    commitment = NO_MEMO
    if arguments.memo is not None:
        salt = json_hex(arguments.memo_salt or secrets.token_hex(16), 16, "--memo-salt")
        commitment = memo_commitment(salt, arguments.memo)
        extra["memo"] = {"salt": salt.hex(), "text": arguments.memo}
    also = [account_of(spec.prefix, a) for a in arguments.also_signs]
    transaction = signed(make_transaction(
        spec.network, expiry, json_hex(arguments.nonce or secrets.token_hex(16), 16, "--nonce"), [operation],
        [s[0] for s in signers] + also, commitment), *signers)
    # Reading back what was built applies every check of transaction.md; without signatures the count is the offence.
    if signers:
        transaction = decode_transaction(transaction.data)
        if arguments.out:
            Path(arguments.out).write_bytes(transaction.data)
    return extra | transaction_report(spec, transaction)


def decode(arguments) -> dict:
    """Canonical bytes, raw or in hexadecimal, or JSON: what is submitted, or a transaction still to be signed."""
    spec, data = load_chainspec(arguments.chainspec), Path(arguments.file).read_bytes()
    if data.lstrip()[:1] == b"{":
        item = strict_json(data)
        if item.get("signatures") == []:
            return transaction_report(spec, transaction_from_json(spec, item))
        transaction, memo = submission_from_json(spec, data)
        return transaction_report(spec, transaction) | ({"memo": memo[1]} if memo else {})
    try:
        data = json_hex(data.decode("ascii").strip())
    except (UnicodeDecodeError, Unreadable):
        pass  # then they are raw bytes, which start with 0x01
    return transaction_report(spec, decode_transaction(data))


def open_key(arguments) -> dict:
    """Opens an encrypted key file; the secret goes to a file for `--signer` and `--key`, never to the output."""
    passphrase = Path(arguments.passphrase_file).read_bytes().removesuffix(b"\n")
    file, secret = open_key_file(Path(arguments.file).read_bytes(), passphrase)
    if arguments.out:
        with open(os.open(arguments.out, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as out:
            out.write(secret[:32])
    return {"kind": KIND_NAMES[file.kind], "development": file.development, "publicKey": file.public.hex()}
