"""The command `demo`: a payment against a development node, with its proofs checked offline."""

import secrets
import time
import urllib.error
import urllib.request
from pathlib import Path

from coffer_commands import load_chainspec, make_opening
from coffer_development import development_secret
from coffer_keys import public_key
from coffer_report import account_json
from coffer_transaction import make_transaction, signed
from pyverify.chainspec import BANK, OPERATOR, Chainspec
from pyverify.checkpoint import check_checkpoint
from pyverify.encoding import BIP340, ECDSA, DoesNotHold, Key, Policy, Unreadable
from pyverify.proofs import check_balance, check_receipt
from pyverify.strict_json import strict_json
from pyverify.transaction import (
    ISSUE, OPENED_KINDS, OPEN_ACCOUNTS, TRANSFER, Operation, Transaction, decode_transaction,
)


def development_signer(spec: Chainspec, name: str, kinds: tuple[int, ...]) -> tuple[bytes, int, int, bytes]:
    """An institution of one of these kinds whose policy this development key satisfies alone, as a signer."""
    secret = development_secret(name)
    for position, institution in enumerate(spec.institutions):
        for number, key in enumerate(institution.policy.keys):
            if (institution.kind in kinds and key.weight >= institution.policy.threshold
                    and key.public == public_key(key.scheme, secret)):
                return spec.institution_account(position), number, key.scheme, secret
    raise Unreadable("demo", f"no institution of the chainspec can be signed for with the development key {name!r} alone")


def request(url: str, body: bytes | None = None) -> bytes:
    headers = {"Content-Type": "application/octet-stream"} if body is not None else {}
    try:
        with urllib.request.urlopen(urllib.request.Request(url, body, headers), timeout=30) as response:
            return response.read()
    except urllib.error.HTTPError as error:
        raise DoesNotHold("demo", f"{url} answered {error.code}: {error.read().decode('utf-8', 'replace')}") from None
    except (urllib.error.URLError, TimeoutError) as error:
        raise Unreadable("demo", f"{url} cannot be reached: {error}") from None


def answered(body: bytes, *names: str) -> list:
    """Fields of a JSON answer of the node (http.md)."""
    answer = strict_json(body)
    if not isinstance(answer, dict) or any(name not in answer for name in names):
        raise Unreadable("demo", f"the node answered {answer}, where {names} were expected")
    return [answer[name] for name in names]


def submit(node: str, transaction: Transaction) -> dict:
    """Submits canonical bytes and waits until the transaction is final (http.md 1)."""
    data = decode_transaction(transaction.data).data
    body = request(f"{node}/v1/transactions?wait=final", data)
    deadline = time.monotonic() + 30
    while answered(body, "status") == ["pending"] and time.monotonic() < deadline:
        time.sleep(0.2)
        body = request(f"{node}/v1/transactions/{transaction.id().hex()}")
    if answered(body, "id", "status") != [transaction.id().hex(), "final"]:
        raise DoesNotHold("demo", f"the transaction did not become final: {body.decode()}")
    names = ("id", "height", "position", "time")
    return dict(zip(names, answered(body, *names)))


def demo(arguments) -> dict:
    """Opens two accounts, issues to one, transfers to the other, and checks all proofs of it without the node."""
    spec, node = load_chainspec(arguments.chainspec), arguments.node.rstrip("/")
    if not spec.development:
        raise Unreadable("demo", "the demo uses published keys, and the chainspec is not that of a development network")
    served = answered(request(f"{node}/v1/network"), "network")[0]
    if served != spec.network.hex():
        raise Unreadable("demo", f"the node serves the network {served}, the chainspec describes {spec.network.hex()}")
    bank = development_signer(spec, "first-bank", (BANK,))
    operator = development_signer(spec, "wallet-operator", (OPERATOR, BANK))
    asset = next((i for i, a in enumerate(spec.assets)
                  if any(spec.institution_account(b) == bank[0] for b in a.quotas)), None)
    if asset is None:
        raise Unreadable("demo", "the institution of the development key 'first-bank' issues no asset")
    steps = []

    def step(what: str, operations: list[Operation], *signers) -> dict:
        expiry = int(time.time() + 600) * 1000
        transaction = signed(make_transaction(spec.network, expiry, secrets.token_bytes(16), operations,
                                       [s[0] for s in signers]), *signers)
        steps.append({"step": what} | submit(node, transaction))
        return steps[-1]

    def person(name: str, scheme: int, kind: int, sponsor: bytes):
        secret = development_secret(name)
        policy = Policy(1, (Key(scheme, public_key(scheme, secret), 1),))
        account, opening = make_opening(spec, sponsor, kind, 1, secrets.token_bytes(16), policy, [(scheme, secret)])
        return (account, 0, scheme, secret), Operation(OPEN_ACCOUNTS, (sponsor,), openings=(opening,))

    alice, open_alice = person("alice", BIP340, OPENED_KINDS["walletHeld"], operator[0])
    bob, open_bob = person("bob", ECDSA, OPENED_KINDS["bankIssued"], bank[0])
    step("open an account for a wallet and one at the bank", [open_alice, open_bob], operator, bank)
    step("the bank issues", [Operation(ISSUE, (bank[0], alice[0]), asset=asset, amount=10_000)], bank)
    paid = step("the wallet pays", [Operation(TRANSFER, legs=((alice[0], bob[0], asset, 1_234),))], alice)

    Path(arguments.out).write_bytes(request(f"{node}/v1/transactions/{paid['id']}/receipt"))
    transaction, _, header, _ = check_receipt(spec, Path(arguments.out).read_bytes())
    if (transaction.id().hex(), header.height) != (paid["id"], paid["height"]):
        raise DoesNotHold("demo", f"the receipt is of another transaction or height than {paid}")
    account, state = check_balance(spec, request(f"{node}/v1/accounts/{spec.address(bob[0])}?proof=true"))
    if account.id != bob[0] or state.height < paid["height"] or account.balances[asset].credits_posted != 1_234:
        raise DoesNotHold("demo", "the balance proof is not that of the account paid to, after the payment")
    size, root = check_checkpoint(spec, request(f"{node}/v1/checkpoint"))
    return {"steps": steps, "receiptFile": arguments.out, "receipt": {"holds": True, "height": header.height},
            "balance": {"holds": True, "height": state.height, "account": account_json(spec, account)},
            "checkpoint": {"holds": True, "size": size, "root": root.hex()}}
