"""What the commands print: JSON objects, and the short form of them."""

from coffer_block import ACCOUNT_KINDS, Account, Header
from coffer_chainspec import Chainspec, policy_json
from coffer_encoding import Unreadable, name_of
from coffer_json import FIRST_MILLISECOND_WITHOUT_TEXT, amount_text, time_text
from coffer_ledger import State
from coffer_transaction import STATUSES, Transaction, transaction_json

def printed(item) -> dict:
    """The fields of a header or balance, named as the interfaces name them."""
    def name(field: str) -> str:
        first, *others = field.split("_")
        return first + "".join(other.capitalize() for other in others)
    return {name(field): value.hex() if isinstance(value, bytes) else value for field, value in vars(item).items()}


def shown_time(milliseconds: int) -> str:
    """A time; a header or transaction may have one that has no JSON form."""
    return time_text(milliseconds) if milliseconds < FIRST_MILLISECOND_WITHOUT_TEXT else f"{milliseconds} ms"


def header_json(header: Header) -> dict:
    return printed(header) | {"time": shown_time(header.time), "bytes": header.encode().hex(),
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


# ---------------------------------------------------------------- the short form

MAXIMUM_SHOWN_CHARACTERS = 72


def short(value) -> str:
    """A value on one line: lists and objects are counted, long texts cut."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, (list, dict)):
        return f"({len(value)}; --json shows them)" if value else "none"
    text = str(value)
    return text if len(text) <= MAXIMUM_SHOWN_CHARACTERS else f"{text[:32]}… ({len(text)} characters)"


def short_form(report: dict, indent: str = "") -> str:
    """A line per field; an object at the top has its fields below it."""
    lines, width = [], max(map(len, report), default=0)
    for name, value in report.items():
        if isinstance(value, dict) and value and not indent:
            lines += [name, short_form(value, "  ")]
        else:
            lines.append(f"{indent}{name:{width}}  {short(value)}")
    return "\n".join(lines)
