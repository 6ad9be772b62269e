"""A second implementation of Coffer's formats and rules, written from docs/spec alone. See README.md beside this file.

Every command prints one JSON object. Exit code 0: it holds; 1: something does not hold, named on the standard error
output; 2: the input is unreadable or the program was used wrongly.
"""

import argparse
import json
import os
import secrets
import sys
import time
import traceback
import urllib.error
import urllib.request
from pathlib import Path

from coffer_block import ACCOUNT_KINDS, Account, Header, check_checkpoint
from coffer_encoding import (
    BIP340, ECDSA, GROUP_ORDER, SCHEMES, DoesNotHold, Key, NotCanonical, Policy, Reader, Unreadable, account_of,
    amount_of, amount_text, json_choice, json_hex, name_of, public_key, sign, strict_json, tagged, time_of, time_text,
)
from coffer_example import write_example
from coffer_keyfile import KIND_NAMES, open_key_file
from coffer_ledger import State, genesis_header
from coffer_proofs import check_balance, check_receipt, replay
from coffer_selfcheck import self_check
from coffer_transaction import (
    BANK, NO_MEMO, OPENED_KINDS, OPERATOR, STATUSES, Chainspec, Opening, Operation, Transaction, chainspec_from_json,
    decode_transaction, make_transaction, memo_commitment, policy_json, transaction_from_json, transaction_json,
)

# ---------------------------------------------------------------- what commands print


def printed(item) -> dict:
    """The fields of a header or balance, named as the interfaces name them."""
    def name(field: str) -> str:
        first, *others = field.split("_")
        return first + "".join(other.capitalize() for other in others)
    return {name(field): value.hex() if isinstance(value, bytes) else value for field, value in vars(item).items()}


def header_json(header: Header) -> dict:
    return printed(header) | {"time": time_text(header.time), "bytes": header.encode().hex(),
                              "hash": header.block_hash().hex()}


def account_json(spec: Chainspec, account: Account) -> dict:
    return {
        "address": spec.address(account.id), "id": account.id.hex(), "kind": name_of(ACCOUNT_KINDS, account.kind),
        "status": name_of(STATUSES, account.status), "tier": account.tier, "institution": account.institution,
        "index": account.index, "openedHeight": account.opened_height, "policy": policy_json(account.policy),
        "entryCount": account.entry_count, "entryHash": account.entry_hash.hex(),
        "balances": [{"asset": asset} | {name: str(value) for name, value in printed(balance).items()}
                     for asset, balance in sorted(account.balances.items())]}


def supply_json(state: State) -> list[dict]:
    """The supply tree's leaves by name, without those of institutions that neither issue the asset nor hold it."""
    rows = []
    for row in state.supply():
        asset = state.chainspec.assets[row["asset"]]
        money = {name: amount_text(row[name], asset.decimals) for name in list(row)[2:]}
        if any(list(row.values())[2:]):
            name = state.chainspec.institutions[row["institution"]].name
            rows.append({"asset": asset.code, "institution": name} | money)
    return rows


def shown(spec: Chainspec, transaction: Transaction) -> dict:
    """The JSON form; canonical bytes can name an asset or a time that it has no way to write."""
    try:
        return transaction_json(spec, transaction)
    except Unreadable as error:
        return {"noJSONForm": str(error)}


def transaction_report(spec: Chainspec, transaction: Transaction) -> dict:
    report = {"id": transaction.id().hex(), "signingHash": transaction.signing_hash().hex(),
              "content": transaction.content().hex()}
    if transaction.signatures:
        report["bytes"] = transaction.encode().hex()
    return report | {"accounts": [spec.address(a) for a in transaction.accounts],
                     "transaction": shown(spec, transaction)}


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
            raise Unreadable(f"{path} holds neither 32 raw bytes nor 64 hexadecimal digits") from None
    if not 0 < int.from_bytes(data, "big") < GROUP_ORDER:
        raise Unreadable(f"{path} does not hold a secret key: the number is out of range")
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
        raise Unreadable(f"{text!r} is not an integer from 0 to {high}")
    return int(text)


def prove_possession(spec: Chainspec, account: bytes, policy: Policy,
                     keys: list[tuple[int, bytes]]) -> tuple[bytes, ...]:
    """One signature per key of a new policy (transaction.md 2)."""
    digest = spec.possession_hash(account, policy)
    return tuple(sign(scheme, secret, digest) for scheme, secret in keys)


def make_opening(spec: Chainspec, sponsor: bytes, kind: int, tier: int, salt: bytes, policy: Policy,
                 keys: list[tuple[int, bytes]]) -> tuple[bytes, Opening]:
    account = spec.opened_account(kind, sponsor, salt, policy)
    return account, Opening(kind, tier, salt, policy, prove_possession(spec, account, policy, keys))


def money(spec: Chainspec, code: str, amount: str) -> tuple[int, int]:
    asset = json_choice(code, {a.code: i for i, a in enumerate(spec.assets)}, "the asset")
    return asset, amount_of(amount, spec.assets[asset].decimals)


def build_operation(arguments, spec: Chainspec) -> tuple[Operation, dict]:
    """The operation that a `build-…` command describes (transaction.md 2), and what else to print."""
    def account(text: str) -> bytes:
        return account_of(spec.prefix, text)

    kind = arguments.operation
    if kind == "openAccounts":
        sponsor, (policy, keys) = account(arguments.sponsor), new_policy(arguments)
        salt = json_hex(arguments.salt or secrets.token_hex(16), 16, "--salt")
        opened, opening = make_opening(spec, sponsor, OPENED_KINDS[arguments.kind], arguments.tier, salt, policy, keys)
        return Operation(kind, (sponsor,), openings=(opening,)), {"account": spec.address(opened)}
    if kind == "transfer":
        return Operation(kind, legs=tuple(
            (account(source), account(target), *money(spec, code, amount))
            for source, target, code, amount in arguments.leg)), {}
    if kind in ("issue", "redeem"):
        asset, amount = money(spec, arguments.asset, arguments.amount)
        return Operation(kind, (account(arguments.bank), account(arguments.account)), asset=asset, amount=amount), {}
    rotated = account(arguments.account)
    if kind == "setStatus":
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
    transaction = make_transaction(
        spec.network, expiry, json_hex(arguments.nonce or secrets.token_hex(16), 16, "--nonce"), [operation],
        [s[0] for s in signers] + also, commitment).signed(*signers)
    # Reading back what was built applies every check of transaction.md; without signatures the count is the offence.
    if signers:
        transaction = decode_transaction(transaction.encode())
        if arguments.out:
            Path(arguments.out).write_bytes(transaction.encode())
    return extra | transaction_report(spec, transaction)


def decode(arguments) -> dict:
    """Canonical bytes, raw or in hexadecimal, or the JSON form."""
    spec, data = load_chainspec(arguments.chainspec), Path(arguments.file).read_bytes()
    if data.lstrip()[:1] == b"{":
        return transaction_report(spec, transaction_from_json(spec, strict_json(data)))
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


# ---------------------------------------------------------------- proofs and exports


def verify_receipt(arguments) -> dict:
    spec = load_chainspec(arguments.chainspec)
    return receipt_report(spec, Path(arguments.file).read_bytes())


def receipt_report(spec: Chainspec, text: bytes) -> dict:
    transaction, header, memo = check_receipt(spec, text)
    report = {"holds": True, "id": transaction.id().hex(), "height": header.height, "time": time_text(header.time),
              "transaction": shown(spec, transaction)}
    return report | ({"memo": memo} if memo is not None else {})


def verify_balance(arguments) -> dict:
    spec = load_chainspec(arguments.chainspec)
    account, header = check_balance(spec, Path(arguments.file).read_bytes())
    return {"holds": True, "height": header.height, "time": time_text(header.time),
            "account": account_json(spec, account)}


def verify_checkpoint(arguments) -> dict:
    spec = load_chainspec(arguments.chainspec)
    size, root = check_checkpoint(spec, Path(arguments.file).read_bytes())
    return {"holds": True, "network": spec.network.hex(), "size": size, "root": root.hex()}


def replay_export(arguments) -> dict:
    spec = load_chainspec(arguments.chainspec)
    chain = replay(spec, Path(arguments.directory))
    return {"holds": True, "height": chain.header.height, "blockHash": chain.header.block_hash().hex(),
            "stateRoot": chain.header.state_root.hex(), "supplyRoot": chain.header.supply_root.hex(),
            "historyRoot": chain.history.root().hex(), "accounts": len(chain.state.accounts),
            "supply": supply_json(chain.state)}


# ---------------------------------------------------------------- demo


def development_secret(name: str) -> bytes:
    """A published development key: anyone can compute it, so it protects nothing."""
    return tagged("coffer/development-key/v1", name.encode("ascii"))


def development_signer(spec: Chainspec, name: str, kinds: tuple[int, ...]) -> tuple[bytes, int, int, bytes]:
    """An institution of one of these kinds whose policy this development key satisfies alone, as a signer."""
    secret = development_secret(name)
    for position, institution in enumerate(spec.institutions):
        for number, key in enumerate(institution.policy.keys):
            if (institution.kind in kinds and key.weight >= institution.policy.threshold
                    and key.public == public_key(key.scheme, secret)):
                return spec.institution_account(position), number, key.scheme, secret
    raise Unreadable(f"no institution of the chainspec can be signed for with the development key {name!r} alone")


def request(url: str, body: bytes | None = None) -> bytes:
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        raise DoesNotHold(f"{url} answered {error.code}: {error.read().decode('utf-8', 'replace')}") from None
    except (urllib.error.URLError, TimeoutError) as error:
        raise Unreadable(f"{url} cannot be reached: {error}") from None


def answered(body: bytes, *names: str) -> list:
    """Fields of a JSON answer of the node (http.md)."""
    answer = strict_json(body)
    if not isinstance(answer, dict) or any(name not in answer for name in names):
        raise Unreadable(f"the node answered {answer}, where {names} were expected")
    return [answer[name] for name in names]


def submit(node: str, transaction: Transaction) -> dict:
    """Submits canonical bytes and waits until the transaction is final (http.md 1)."""
    data = decode_transaction(transaction.encode()).encode()
    body = request(f"{node}/v1/transactions?wait=final", data)
    deadline = time.monotonic() + 30
    while answered(body, "status") == ["pending"] and time.monotonic() < deadline:
        time.sleep(0.2)
        body = request(f"{node}/v1/transactions/{transaction.id().hex()}")
    if answered(body, "id", "status") != [transaction.id().hex(), "final"]:
        raise DoesNotHold(f"the transaction did not become final: {body.decode()}")
    names = ("id", "height", "position", "time")
    return dict(zip(names, answered(body, *names)))


def demo(arguments) -> dict:
    """Opens two accounts, issues to one, transfers to the other, and checks all proofs of it without the node."""
    spec, node = load_chainspec(arguments.chainspec), arguments.node.rstrip("/")
    if not spec.development:
        raise Unreadable("the demo uses published keys, and the chainspec is not that of a development network")
    served = answered(request(f"{node}/v1/network"), "network")[0]
    if served != spec.network.hex():
        raise Unreadable(f"the node serves the network {served}, the chainspec describes {spec.network.hex()}")
    bank = development_signer(spec, "first-bank", (BANK,))
    operator = development_signer(spec, "wallet-operator", (OPERATOR, BANK))
    asset = next((i for i, a in enumerate(spec.assets)
                  if any(spec.institution_account(b) == bank[0] for b in a.quotas)), None)
    if asset is None:
        raise Unreadable("the institution of the development key 'first-bank' issues no asset")
    steps = []

    def step(what: str, operations: list[Operation], *signers) -> dict:
        expiry = int(time.time() + 600) * 1000
        transaction = make_transaction(spec.network, expiry, secrets.token_bytes(16), operations,
                                       [s[0] for s in signers]).signed(*signers)
        steps.append({"step": what} | submit(node, transaction))
        return steps[-1]

    def person(name: str, scheme: int, kind: int, sponsor: bytes):
        secret = development_secret(name)
        policy = Policy(1, (Key(scheme, public_key(scheme, secret), 1),))
        account, opening = make_opening(spec, sponsor, kind, 1, secrets.token_bytes(16), policy, [(scheme, secret)])
        return (account, 0, scheme, secret), Operation("openAccounts", (sponsor,), openings=(opening,))

    alice, open_alice = person("alice", BIP340, OPENED_KINDS["walletHeld"], operator[0])
    bob, open_bob = person("bob", ECDSA, OPENED_KINDS["bankIssued"], bank[0])
    step("open an account for a wallet and one at the bank", [open_alice, open_bob], operator, bank)
    step("the bank issues", [Operation("issue", (bank[0], alice[0]), asset=asset, amount=10_000)], bank)
    paid = step("the wallet pays", [Operation("transfer", legs=((alice[0], bob[0], asset, 1_234),))], alice)

    Path(arguments.out).write_bytes(request(f"{node}/v1/transactions/{paid['id']}/receipt"))
    receipt = receipt_report(spec, Path(arguments.out).read_bytes())
    if (receipt["id"], receipt["height"]) != (paid["id"], paid["height"]):
        raise DoesNotHold(f"the receipt is of another transaction or height than {paid}")
    account, header = check_balance(spec, request(f"{node}/v1/accounts/{spec.address(bob[0])}?proof=true"))
    if account.id != bob[0] or header.height < paid["height"] or account.balances[asset].credits_posted != 1_234:
        raise DoesNotHold("the balance proof is not that of the account paid to, after the payment")
    size, root = check_checkpoint(spec, request(f"{node}/v1/checkpoint"))
    return {"steps": steps, "receiptFile": arguments.out, "receipt": receipt,
            "balance": {"holds": True, "height": header.height, "account": account_json(spec, account)},
            "checkpoint": {"holds": True, "size": size, "root": root.hex()}}


# ---------------------------------------------------------------- command line


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(description="The reference implementation of Coffer's formats and rules.")
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, run, text: str, chainspec: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        if chainspec:
            sub.add_argument("--chainspec", required=True, metavar="FILE", help="the chain specification, JSON")
        return sub

    def builder(name: str, operation: str, text: str) -> argparse.ArgumentParser:
        sub = command(name, build, text)
        sub.set_defaults(operation=operation)
        sub.add_argument("--expiry", metavar="TIME", help="RFC 3339, UTC; in an hour when left out")
        sub.add_argument("--nonce", metavar="HEX", help="16 bytes; random when left out")
        sub.add_argument("--memo", metavar="TEXT")
        sub.add_argument("--memo-salt", metavar="HEX", help="16 bytes; random when left out")
        sub.add_argument("--signer", nargs=4, action="append", default=[], metavar=("ADDRESS", "KEY", "SCHEME", "FILE"),
                         help="sign for an account with the key at this position of its policy")
        sub.add_argument("--also-signs", action="append", default=[], metavar="ADDRESS",
                         help="an account that will sign later and that the operation does not name")
        sub.add_argument("--out", metavar="FILE", help="write the canonical bytes of the signed transaction")
        return sub

    def policy(sub: argparse.ArgumentParser) -> None:
        sub.add_argument("--key", nargs=3, action="append", required=True, metavar=("SCHEME", "WEIGHT", "FILE"),
                         help="a key of the new policy")
        sub.add_argument("--threshold", type=int, default=1)

    command("network", network, "print the network id, the genesis state and the genesis header")
    sub = builder("build-open", "openAccounts", "open an account")
    sub.add_argument("--sponsor", required=True, metavar="ADDRESS")
    sub.add_argument("--kind", required=True, choices=list(OPENED_KINDS))
    sub.add_argument("--tier", type=int, choices=range(256), default=0, metavar="0-255")
    sub.add_argument("--salt", metavar="HEX", help="16 bytes; random when left out")
    policy(sub)
    sub = builder("build-transfer", "transfer", "move money")
    sub.add_argument("--leg", nargs=4, action="append", required=True, metavar=("FROM", "TO", "ASSET", "AMOUNT"))
    for name, operation, side, text in (("build-issue", "issue", "--to", "issue money to an account"),
                                        ("build-redeem", "redeem", "--from", "redeem money from an account")):
        sub = builder(name, operation, text)
        sub.add_argument("--bank", required=True, metavar="ADDRESS")
        sub.add_argument(side, required=True, metavar="ADDRESS", dest="account")
        sub.add_argument("--asset", required=True, metavar="CODE")
        sub.add_argument("--amount", required=True)
    sub = builder("build-rotate", "rotateKeys", "replace the keys of an account")
    sub.add_argument("--account", required=True, metavar="ADDRESS")
    policy(sub)
    sub = builder("build-status", "setStatus", "freeze, unfreeze or close an account")
    sub.add_argument("--account", required=True, metavar="ADDRESS")
    sub.add_argument("--status", required=True, choices=list(STATUSES))

    for name, run, text in (("decode", decode, "decode a transaction: canonical bytes, raw or hexadecimal, or JSON"),
                            ("verify-receipt", verify_receipt, "check a receipt"),
                            ("verify-balance", verify_balance, "check a balance proof"),
                            ("verify-checkpoint", verify_checkpoint, "check a checkpoint")):
        command(name, run, text).add_argument("file", metavar="FILE")
    sub = command("open-key", open_key, "open an encrypted key file", False)
    sub.add_argument("file", metavar="FILE")
    sub.add_argument("--passphrase-file", required=True, metavar="FILE")
    sub.add_argument("--out", metavar="FILE", help="write the 32-byte secret key here; a new file with mode 0600")
    command("replay", replay_export, "check an export from genesis to its checkpoint").add_argument(
        "directory", metavar="EXPORT")
    sub = command("example", lambda a: write_example(Path(a.out)), "write a small chain and its proofs", False)
    sub.add_argument("--out", required=True, metavar="DIR", help="must not exist yet")
    sub = command("self-check", lambda a: self_check(a.vectors), "check this program against itself", False)
    sub.add_argument("--vectors", type=Path, metavar="DIR", help="also check the published vectors in this folder")
    sub = command("demo", demo, "play a payment against a development node")
    sub.add_argument("--node", default="http://127.0.0.1:8420", metavar="URL")
    sub.add_argument("--out", default="reference-receipt.json", metavar="FILE", help="where to save the receipt")
    return top


def main() -> int:
    arguments = parser().parse_args()
    try:
        print(json.dumps(arguments.run(arguments), indent=2))
        return 0
    except DoesNotHold as error:
        print(f"does not hold: {error}", file=sys.stderr)
        return 1
    except NotCanonical as error:
        print(f"does not decode: {error}", file=sys.stderr)
        return 1 if arguments.command == "decode" else 2
    except (Unreadable, OSError) as error:
        print(f"unreadable: {error}", file=sys.stderr)
        return 2
    except Exception:  # a mistake in this program says nothing about its input, so it must not look like a verdict
        traceback.print_exc()
        return 2


if __name__ == "__main__":
    sys.exit(main())
