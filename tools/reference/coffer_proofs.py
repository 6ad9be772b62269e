"""Receipts, balance proofs and export archives: docs/spec/proofs.md and export.md."""

from pathlib import Path

from coffer_block import (
    Account, CertifiedBlock, Header, check_attestations, check_checkpoint, transaction_tree,
)
from coffer_encoding import (
    DoesNotHold, NotCanonical, Reader, Unreadable, fields, json_choice, json_hex, json_integer, json_list,
    root_from_path, sha256, strict_json, unsigned,
)
from coffer_ledger import Chain, State, genesis_header
from coffer_transaction import Chainspec, Transaction, decode_transaction, memo_commitment, memo_from_json

# ---------------------------------------------------------------- proofs.md


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
        raise DoesNotHold(f"the {what} does not decode: {error}") from error


def check_header(chainspec: Chainspec, data: bytes) -> Header:
    header = decoded(Header.decode, data, "header")
    if header.network != chainspec.network:
        raise DoesNotHold(f"the header is of the network {header.network.hex()}, not {chainspec.network.hex()}")
    return header


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
    header = check_header(chainspec, header_data)
    if transaction.network != chainspec.network:
        raise DoesNotHold(f"the transaction is of the network {transaction.network.hex()}")
    leaves = header.transaction_count + header.system_entry_count
    if index >= header.transaction_count or root_from_path(
            b"\x00" + data, index, leaves, path) != header.transaction_root:
        raise DoesNotHold("the path does not lead from the transaction to the header's transaction root")
    if header.height == 0:
        raise DoesNotHold("genesis has no transactions")
    check_attestations(chainspec, header, attestations)
    if memo and memo_commitment(*memo) != transaction.memo_commitment:
        raise DoesNotHold("the memo is not the one that the transaction commits to")
    return transaction, header, memo[1] if memo else None


def check_balance(chainspec: Chainspec, text: bytes) -> tuple[Account, Header]:
    """What a balance proof proves, or the first thing in it that does not hold (proofs.md 2)."""
    item = fields(strict_json(text), "format account path header attestations")
    json_choice(item["format"], {"coffer-balance/v1": 1}, "the format")
    data, path = json_hex(item["account"], None, "the account"), path_from_json(item["path"])
    header_data = json_hex(item["header"], None, "the header")
    attestations = attestations_from_json(item["attestations"])

    account, header = decoded(Account.decode, data, "account"), check_header(chainspec, header_data)
    if root_from_path(data, account.index, header.account_count, path) != header.state_root:
        raise DoesNotHold("the path does not lead from the account to the header's state root")
    if header.height > 0:
        check_attestations(chainspec, header, attestations)
    elif header != genesis_header(chainspec) or attestations:
        raise DoesNotHold("the header is not the genesis header of the chainspec, without attestations")
    return account, header


# ---------------------------------------------------------------- export.md

MAGIC = b"COFFER-EXPORT\n"
MAXIMUM_SEGMENT_BYTES = 67_108_864
MAXIMUM_CERTIFIED_BLOCK_BYTES = 33_558_784


def frames(directory: Path, network: bytes):
    """Yields the certified blocks of an export in order; checks framing, checksums and cuts (export.md 1)."""
    names = sorted(p.name for p in directory.iterdir() if p.name.startswith("blocks-"))
    if names != [f"blocks-{number:08}.coffer" for number in range(len(names))]:
        raise Unreadable(f"the segments of the export are not numbered without gaps: {names}")
    height, room = 1, None  # room: what the segment before could still have held
    for name in names:
        reader = Reader((directory / name).read_bytes())
        try:
            if reader.take(14) != MAGIC or reader.unsigned(2) != 1:
                raise Unreadable(f"{name} is not a segment of an export in version 1")
            if reader.take(32) != network:
                raise DoesNotHold(f"{name} is of another network than the chainspec")
            if reader.unsigned(8) != height:
                raise DoesNotHold(f"{name} does not start at height {height}")
            first = True
            while first or reader.position < len(reader.data):
                start = reader.position
                framed = reader.count(4, 0, MAXIMUM_CERTIFIED_BLOCK_BYTES, "bytes of certified block") + 4
                block, checksum = reader.take(framed - 4), reader.take(32)
                if checksum != sha256(reader.data[start:start + framed]):
                    raise DoesNotHold(f"the checksum of the frame at height {height} in {name} is wrong")
                if first and room is not None and framed + 32 <= room:
                    raise DoesNotHold(f"the segment before {name} is cut too early")
                if not first and reader.position > MAXIMUM_SEGMENT_BYTES:
                    raise DoesNotHold(f"{name} is cut too late, at height {height}")
                yield height, block
                height, first = height + 1, False
            room = MAXIMUM_SEGMENT_BYTES - reader.position
        except NotCanonical as error:
            raise DoesNotHold(f"the frame at height {height} in {name}: {error}") from error


def replay(chainspec: Chainspec, directory: Path) -> Chain:
    """Checks a whole export and returns the chain at its end (export.md 3)."""
    if not (directory / "checkpoint").is_file():
        raise Unreadable(f"{directory} has no checkpoint: it is not an export, or one still in progress")
    chain = Chain(chainspec)
    for height, data in frames(directory, chainspec.network):
        chain.check(decoded(CertifiedBlock.decode, data, f"block at height {height}"))
    size, root = check_checkpoint(chainspec, (directory / "checkpoint").read_bytes())
    if size != len(chain.history):
        raise DoesNotHold(f"the checkpoint is of {size} headers, the export has {len(chain.history)}")
    if root != chain.history.root():
        raise DoesNotHold("the checkpoint's root is not that of the exported headers")
    chain.state.check_invariants()
    return chain


def write_export(directory: Path, network: bytes, blocks: list[CertifiedBlock], checkpoint: bytes) -> None:
    """Writes an export (export.md 1 and 2)."""
    directory.mkdir()
    segments: list[bytearray] = []
    for block in blocks:
        data = block.encode()
        framed = unsigned(len(data), 4) + data
        frame = framed + sha256(framed)
        if not segments or len(segments[-1]) + len(frame) > MAXIMUM_SEGMENT_BYTES:
            segments.append(bytearray(MAGIC + unsigned(1, 2) + network + unsigned(block.header.height, 8)))
        segments[-1] += frame
    for number, segment in enumerate(segments):
        (directory / f"blocks-{number:08}.coffer").write_bytes(segment)
    (directory / "checkpoint").write_bytes(checkpoint)


# ---------------------------------------------------------------- writing proofs


def receipt_json(block: CertifiedBlock, index: int, memo: tuple[bytes, str] | None = None) -> dict:
    """The receipt of a transaction of a final block (proofs.md 1)."""
    path = transaction_tree(block.transactions).path(index)
    result = {"format": "coffer-receipt/v1", "transaction": block.transactions[index].hex(), "index": index,
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
