"""Receipts and balance proofs: docs/spec/proofs.md."""

from coffer_block import Account, CertifiedBlock, Header, transaction_tree
from coffer_chain import check_finality
from coffer_chainspec import Chainspec
from coffer_encoding import DoesNotHold, NotCanonical, root_from_path
from coffer_json import fields, json_choice, json_hex, json_integer, json_list, strict_json
from coffer_ledger import State
from coffer_transaction import Transaction, decode_transaction, memo_commitment, memo_from_json


def attestations_from_json(item) -> list[tuple[int, bytes]]:
    entries = [fields(entry, "validator signature") for entry in json_list(item, 0, 64, "attestations")]
    return [(json_integer(e["validator"], 0, 0xFFFF, "a validator"), json_hex(e["signature"], 64, "an attestation"))
            for e in entries]


def path_from_json(item) -> list[bytes]:
    return [json_hex(entry, 32, "a hash of the path") for entry in json_list(item, 0, 64, "the path")]


def decoded(decoder, data: bytes, what: str):
    try:
        return decoder(data)
    except NotCanonical as error:
        raise DoesNotHold(f"malformed{what.capitalize()}", f"the {what} does not decode: {error}") from error


def check_network(chainspec: Chainspec, network: bytes, what: str) -> None:
    if network != chainspec.network:
        raise DoesNotHold("wrongNetwork", f"the {what} is of the network {network.hex()}, not {chainspec.network.hex()}")


def check_receipt(chainspec: Chainspec, text: bytes) -> tuple[Transaction, Header, str | None]:
    """What a receipt proves, or the first thing in it that does not hold (proofs.md 1)."""
    item = fields(strict_json(text), "format transaction index path header attestations", "memo")
    json_choice(item["format"], {"coffer-receipt/v1": 1}, "the format")
    data, index = json_hex(item["transaction"], None, "the transaction"), json_integer(
        item["index"], 0, 0xFFFFFFFF, "the index")
    path, header_data = path_from_json(item["path"]), json_hex(item["header"], None, "the header")
    attestations = attestations_from_json(item["attestations"])
    memo = None if item["memo"] is None else memo_from_json(item["memo"])

    transaction = decoded(decode_transaction, data, "transaction")
    header = decoded(Header.decode, header_data, "header")
    check_network(chainspec, header.network, "header")
    check_network(chainspec, transaction.network, "transaction")
    if index >= header.transaction_count:
        raise DoesNotHold("indexOutOfRange", f"the index {index} is not below {header.transaction_count}")
    leaves = header.transaction_count + header.system_entry_count
    if root_from_path(b"\x00" + data, index, leaves, path) != header.transaction_root:
        raise DoesNotHold("wrongTransactionPath",
                          "the path does not lead from the transaction to the header's transaction root")
    check_finality(chainspec, header, attestations)
    if memo and memo_commitment(*memo) != transaction.memo_commitment:
        raise DoesNotHold("memoMismatch", "the memo is not the one that the transaction commits to")
    return transaction, header, memo[1] if memo else None


def check_balance(chainspec: Chainspec, text: bytes) -> tuple[Account, Header]:
    """What a balance proof proves, or the first thing in it that does not hold (proofs.md 2)."""
    item = fields(strict_json(text), "format account path header attestations")
    json_choice(item["format"], {"coffer-balance/v1": 1}, "the format")
    data, path = json_hex(item["account"], None, "the account"), path_from_json(item["path"])
    header_data = json_hex(item["header"], None, "the header")
    attestations = attestations_from_json(item["attestations"])

    account = decoded(Account.decode, data, "account")
    header = decoded(Header.decode, header_data, "header")
    check_network(chainspec, header.network, "header")
    if root_from_path(data, account.index, header.account_count, path) != header.state_root:
        raise DoesNotHold("wrongAccountPath", "the path does not lead from the account to the header's state root")
    check_finality(chainspec, header, attestations)
    return account, header


# ---------------------------------------------------------------- writing proofs


def receipt_json(block: CertifiedBlock, index: int, memo: tuple[bytes, str] | None = None) -> dict:
    """The receipt of a transaction of a final block (proofs.md 1)."""
    path = transaction_tree(block.transactions).path(index)
    result = {"format": "coffer-receipt/v1", "transaction": block.transactions[index].data.hex(), "index": index,
              "path": [h.hex() for h in path], "header": block.header.encode().hex(),
              "attestations": attestations_json(block.attestations)}
    return result | ({"memo": {"salt": memo[0].hex(), "text": memo[1]}} if memo else {})


def balance_json(state: State, account: bytes, header: Header, attestations) -> dict:
    """The proof of an account's state after the block of this header (proofs.md 2)."""
    index = state.index[account]
    return {"format": "coffer-balance/v1", "account": state.accounts[index].encode().hex(),
            "path": [h.hex() for h in state.tree.path(index)], "header": header.encode().hex(),
            "attestations": attestations_json(attestations)}


def attestations_json(attestations) -> list[dict]:
    return [{"validator": validator, "signature": signature.hex()} for validator, signature in attestations]
