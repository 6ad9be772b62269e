"""Evidence and state snapshots: docs/spec/evidence.md and snapshot.md, as far as the vectors need them."""

from pyverify.block import Header
from pyverify.chain import check_finality
from pyverify.chainspec import Chainspec
from pyverify.checkpoint import check_checkpoint
from pyverify.encoding import DoesNotHold, NotCanonical, Reader, Tree, Unreadable, leaf_hash, node_hash, root_from_path, sha256
from pyverify.proofs import attestations_from_json
from pyverify.rules import AppliedIDs, Application
from pyverify.signatures import Signatures
from pyverify.state_tree import LIABILITY, Account, State
from pyverify.strict_json import fields, hash_path, json_choice, json_hex, json_integer, json_list, strict_json
from pyverify.transaction import decode_transaction

ISSUE, REDEEM = 3, 4
KINDS = "header finality transaction root undecodable frame checkpoint pointer"
OPTIONAL = ("position id suspect origin parent block history transactions path accounts supply earlier bytes checkpoint")


def no_offence(message: str) -> DoesNotHold:
    return DoesNotHold("evidenceNoOffence", message)


def certified(item) -> tuple[Header, list[tuple[int, bytes]]]:
    item = fields(item, "header attestations")
    return Header.decode(json_hex(item["header"], None, "the header")), attestations_from_json(item["attestations"])


def peaks_root(data: bytes) -> tuple[int, list[bytes]]:
    """A history tree: its size, and the roots of its perfect subtrees, the largest first."""
    reader = Reader(data)
    count = reader.unsigned(8)
    peaks = [reader.take(32) for _ in range(bin(count).count("1"))]
    reader.end()
    return count, peaks


def folded(peaks: list[bytes]) -> bytes:
    if not peaks:
        return sha256(b"")
    value = peaks[-1]
    for peak in reversed(peaks[:-1]):
        value = node_hash(peak, value)
    return value


def grown(count: int, peaks: list[bytes], leaf: bytes) -> tuple[int, list[bytes]]:
    value, peaks, rest = leaf_hash(leaf), list(peaks), count
    while rest & 1:
        value, rest = node_hash(peaks.pop(), value), rest >> 1
    return count + 1, peaks + [value]


def check_evidence(chainspec: Chainspec, text: bytes) -> dict:
    """What evidence of a transaction, a header or a frame proves (evidence.md 2 and 3)."""
    item = fields(strict_json(text), "format kind code height rules detail", OPTIONAL)
    json_choice(item["format"], {"coffer-evidence/v1": 1}, "the format")
    kind = json_choice(item["kind"], {name: name for name in KINDS.split()}, "the kind")
    height = json_integer(item["height"], 0, 2**64 - 1, "the height")
    if kind == "pointer":
        raise Unreadable("evidenceNotSelfContained", "it only says where to look")
    if item["rules"] != chainspec.rules_at(height):
        raise DoesNotHold("evidenceWrongRules", f"rules version {item['rules']} is not in force")
    found = {"transaction": check_transaction, "header": check_history, "frame": check_frame}[kind](chainspec, item, height)
    if found != item["code"]:
        raise DoesNotHold("evidenceOtherOffence", f"{found} is shown, not {item['code']}")
    return {"kind": kind, "code": found}


def final_pair(chainspec: Chainspec, item: dict, height: int) -> tuple[Header, Header]:
    parent, attestations = certified(item["parent"])
    check_finality(chainspec, parent, attestations)
    if parent.height + 1 != height:
        raise DoesNotHold("evidenceNotLinked", "the header before is of another height")
    header, attestations = certified(item["block"])
    check_finality(chainspec, header, attestations)
    if header.parent != parent.block_hash() or header.height != height:
        raise DoesNotHold("evidenceNotLinked", "the header is not after the one before")
    return parent, header


def check_transaction(chainspec: Chainspec, item: dict, height: int) -> str:
    parent, header = final_pair(chainspec, item, height)
    data = [json_hex(entry, None, "a transaction") for entry in json_list(item["transactions"], 0, 65_536, "transactions")]
    position = json_integer(item["position"], 0, 0xFFFFFFFF, "the position")
    if len(data) != position + 1:
        raise DoesNotHold("evidenceIncomplete", "transactions before it are missing")
    path = hash_path(item["path"] or [])
    root = root_from_path(leaf_hash(b"\x00" + data[-1]), position, header.transaction_count, path)
    left, before = left_siblings(position, header.transaction_count, path), (0, [])
    for entry in data[:-1]:
        before = grown(*before, b"\x00" + entry)
    if root != header.transaction_root or left != before[1]:
        raise DoesNotHold("evidenceWrongPath", "the transactions are not the first of the block")
    transactions = [decode_transaction(entry) for entry in data]
    if transactions[-1].id() != json_hex(item["id"], 32, "the id"):
        raise DoesNotHold("evidenceIncomplete", "the transaction is another")
    state, known = sparse_state(chainspec, item, parent)
    touched = [touched_accounts(chainspec, transaction) for transaction in transactions]
    needed: set[bytes] = set()
    run, applied = [], AppliedIDs()
    for number in reversed(range(len(transactions))):
        existing, opened = touched[number]
        if number == position or (existing | opened) & needed:
            run.insert(0, number)
            needed |= existing | opened
    for number in run:
        if not touched[number][0] <= known:
            raise DoesNotHold("evidenceIncomplete", "an account is missing")
        try:
            Application(state, applied, Signatures(), transactions[number], height, header.time, number).apply()
        except DoesNotHold as refusal:
            if number != position:
                raise DoesNotHold("evidenceOtherOffence", f"transaction {number} is refused") from refusal
            return refusal.code
        known |= touched[number][1]
    raise no_offence("the transaction applies")


def left_siblings(index: int, size: int, path: list[bytes]) -> list[bytes]:
    left, rest = [], list(path)
    while size > 1:
        if index ^ 1 < size and rest:
            sibling = rest.pop(0)
            left += [sibling] if index & 1 else []
        index, size = index >> 1, size + 1 >> 1
    return left[::-1]


def touched_accounts(chainspec: Chainspec, transaction) -> tuple[set[bytes], set[bytes]]:
    existing, opened = set(transaction.accounts), set()
    for operation in transaction.operations:
        for opening in operation.openings:
            opened.add(chainspec.opened_account(opening.kind, operation.accounts[0], opening.salt, opening.policy))
        if operation.type in (ISSUE, REDEEM) and operation.asset < len(chainspec.assets):
            for bank in chainspec.assets[operation.asset].quotas:
                if chainspec.institution_account(bank) == operation.accounts[0]:
                    existing.add(chainspec.liability_account(operation.asset, bank))
    return existing, opened


def sparse_state(chainspec: Chainspec, item: dict, parent: Header) -> tuple[State, set[bytes]]:
    supply = [json_hex(entry, 124, "a supply record") for entry in json_list(item["supply"] or [], 0, 4_096, "supply")]
    if Tree(supply).root() != parent.supply_root:
        raise DoesNotHold("evidenceWrongPath", "the supply is another")
    state, known = State(chainspec), set()
    genesis = len(state.accounts)
    for entry in json_list(item["accounts"] or [], 0, 65_536, "accounts"):
        entry = fields(entry, "account path")
        data = json_hex(entry["account"], None, "an account")
        account = Account.decode(data)
        path = hash_path(entry["path"])
        if root_from_path(leaf_hash(data), account.index, parent.account_count, path) != parent.state_root:
            raise DoesNotHold("evidenceWrongPath", f"account {account.index} is not in the state")
        known.add(account.id)
        state.by_id[account.id] = account
        if account.index < genesis:
            state.accounts[account.index] = account
            if account.kind == LIABILITY:
                asset = next(place[0] for place, other in state.liabilities.items() if other.id == account.id)
                state.liabilities[asset, account.institution] = account
        else:
            account.index = len(state.accounts)
            state.accounts.append(account)
    return state, known


def check_history(chainspec: Chainspec, item: dict, height: int) -> str:
    parent, header = final_pair(chainspec, item, height)
    count, peaks = peaks_root(json_hex(item["history"], None, "the history tree"))
    if count != parent.height or folded(peaks) != parent.history_root:
        raise DoesNotHold("evidenceWrongPath", "the history tree is another")
    if folded(grown(count, peaks, parent.encode())[1]) == header.history_root:
        raise no_offence("the history root is right")
    return "historyRoot"


def check_frame(chainspec: Chainspec, item: dict, height: int) -> str:
    frame = json_hex(item["bytes"], None, "the frame")
    if len(frame) < 36 or int.from_bytes(frame[:4], "big") != len(frame) - 36:
        raise DoesNotHold("evidenceNotLinked", "the frame has another length")
    if sha256(frame[:-32]) == frame[-32:]:
        raise no_offence("the frame matches its checksum")
    return "exportChecksumMismatch"


# ---------------------------------------------------------------- snapshots


def check_snapshot(chainspec: Chainspec, data: bytes, checkpoint: bytes) -> Header:
    """snapshot.md 1 and 2, up to the invariants."""
    if data[:16] != b"COFFER-SNAPSHOT\n"[:len(data)]:
        raise Unreadable("snapshotWrongMagic", "it is no snapshot")
    if len(data) < 50:
        raise Unreadable("snapshotTruncated", "it ends within its start")
    if data[16:18] != b"\x00\x01":
        raise Unreadable("snapshotUnknownVersion", "it is of another version")
    if data[18:50] != chainspec.network:
        raise Unreadable("snapshotWrongNetwork", "it is of another network")
    place = 50

    def frame() -> Reader:
        nonlocal place
        length = int.from_bytes(data[place:place + 4], "big")
        if len(data) < place + 4:
            raise Unreadable("snapshotTruncated", "a frame ends early")
        if length > 8_388_608:
            raise Unreadable("snapshotFrameTooLong", "a frame is too long")
        if len(data) < place + 36 + length:
            raise Unreadable("snapshotTruncated", "a frame ends early")
        if sha256(data[place:place + 4 + length]) != data[place + 4 + length:place + 36 + length]:
            raise DoesNotHold("snapshotChecksumMismatch", f"the frame at byte {place}")
        content, place = data[place + 4:place + 4 + length], place + 36 + length
        return Reader(content)

    try:
        head = frame()
        header = Header.decode(head.take(230))
        attestations = [(head.unsigned(2), head.take(64)) for _ in range(head.unsigned(2))]
        count = head.unsigned(8)
        peaks = [head.take(32) for _ in range(bin(count).count("1"))]
        head.end()
        accounts: list[bytes] = []
        while len(accounts) < header.account_count:
            part = frame()
            for _ in range(min(1_024, header.account_count - len(accounts))):
                accounts.append(part.take(part.unsigned(2)))
                if Account.decode(accounts[-1]).index != len(accounts) - 1:
                    raise DoesNotHold("snapshotWrongIndex", f"account {len(accounts) - 1}")
            part.end()
        part, supply = frame(), []
        institutions = len(chainspec.institutions) * len(chainspec.assets)
        supply = [part.take(124) for _ in range(institutions)]
        part.end()
    except NotCanonical as error:
        raise DoesNotHold("snapshotMalformed", str(error)) from error
    if place != len(data):
        raise Unreadable("snapshotTrailingBytes", "there is more")
    size, root = check_checkpoint(chainspec, checkpoint)
    check_finality(chainspec, header, attestations)
    if size != header.height + 1:
        raise DoesNotHold("snapshotWrongCheckpoint", "the checkpoint is of another height")
    if count != header.height or folded(peaks) != header.history_root:
        raise DoesNotHold("snapshotWrongRoot", "the history root")
    if folded(grown(count, peaks, header.encode())[1]) != root:
        raise DoesNotHold("snapshotWrongCheckpoint", "the checkpoint is of another history")
    if Tree(accounts).root() != header.state_root or Tree(supply).root() != header.supply_root:
        raise DoesNotHold("snapshotWrongRoot", "the state")
    return header
