"""The program: `python3 tools/pyverify receipt|balance|history|supply|checkpoint|chain FILE --chainspec FILE`. See README.md beside
this file."""

import argparse
import json
import os
import sys
import traceback
from pathlib import Path

if not __package__:  # run by the path of its folder
    sys.path[0] = str(Path(__file__).resolve().parents[1])

from pyverify.archive import MAXIMUM_LIST_BYTES
from pyverify.chainspec import Chainspec, chainspec_from_json
from pyverify.checkpoint import (
    MAXIMUM_CHECKPOINT_BYTES, MAXIMUM_CONSISTENCY_BYTES, check_checkpoint, check_consistency,
)
from pyverify.encoding import DoesNotHold, Failure, Unreadable
from pyverify.export import replay
from pyverify.proofs import (
    MAXIMUM_BALANCE_BYTES, MAXIMUM_HISTORY_BYTES, MAXIMUM_RECEIPT_BYTES, MAXIMUM_SUPPLY_BYTES, check_balance, check_history,
    check_receipt, check_supply,
)
from pyverify.signatures import Signatures
from pyverify.state_tree import CREDITED, DEBITED, ENTRY_NAMES, KIND_NAMES, LIABILITY
from pyverify.strict_json import amount_text, shown_time
from pyverify.transaction import OPERATION_NAMES, STATUSES
from pyverify.witness import check_cosignatures, read_witnesses

MAXIMUM_CHAINSPEC_BYTES = 1_048_576
MAXIMUM_WORKERS = 256

EPILOG = """exit codes:
  0  all holds
  1  something does not hold, and is named: its code (docs/spec/errors.md), height, transaction index and id
  2  unreadable input, or wrong use

example:
  python3 tools/pyverify {command} {file} --chainspec chainspec/development.json
"""


def read(path: str, limit: int) -> bytes:
    """A file of at most `limit` bytes. Input files are hostile: no more than that is ever read."""
    try:
        with open(path, "rb") as file:
            data = file.read(limit + 1)
    except OSError as error:
        raise Unreadable("fileUnreadable", f"{path} cannot be read: {error.strerror}") from None
    if len(data) > limit:
        raise Unreadable("fileTooLarge", f"{path} is larger than {limit} bytes, more than any such file")
    return data


def read_chainspec(path: str) -> Chainspec:
    text = read(path, MAXIMUM_CHAINSPEC_BYTES)
    try:
        return chainspec_from_json(text)
    except Failure as error:
        raise Unreadable("chainspec", f"{path}: {error} [{error.code}]") from error


def money(chainspec: Chainspec, units: int, asset: int) -> str:
    """An amount; a proof may be of an asset that the chain specification does not have."""
    if asset >= len(chainspec.assets):
        return f"{units} of unknown asset {asset}"
    return f"{amount_text(units, chainspec.assets[asset].decimals)} {chainspec.assets[asset].code}"


def block_report(chainspec: Chainspec, header) -> dict:
    return {"height": header.height, "block": header.block_hash().hex(), "time": shown_time(header.time),
            "quorum": f"{chainspec.quorum} of {len(chainspec.validators)} validators"}


# ---------------------------------------------------------------- the commands: each returns a heading and what it found


def receipt(chainspec: Chainspec, arguments) -> tuple[str, dict]:
    """checks that a transaction is final"""
    transaction, index, header, memo = check_receipt(chainspec, read(arguments.file, MAXIMUM_RECEIPT_BYTES))
    report = {"transaction": transaction.id().hex(), "index": index} | block_report(chainspec, header)
    report["operations"] = [OPERATION_NAMES[operation.type] for operation in transaction.operations]
    report["movements"] = [
        f"{money(chainspec, amount, asset)} from {chainspec.address(source)} to {chainspec.address(target)}"
        for operation in transaction.operations for source, target, asset, amount in operation.legs]
    return "the transaction is final", report | ({"memo": memo} if memo is not None else {})


def kept_checkpoint(chainspec: Chainspec, arguments) -> tuple[int, bytes] | None:
    """Size and root of the checkpoint that a document is checked with; nothing where none is given. It is checked first."""
    if arguments.checkpoint is None:
        if arguments.witness:
            raise Unreadable("wrongUse", "--witness needs --checkpoint: witnesses cosign checkpoints")
        return None
    text = read(arguments.checkpoint, MAXIMUM_CHECKPOINT_BYTES)
    kept = check_checkpoint(chainspec, text)
    cosigned(arguments, text)
    return kept


def cosigned(arguments, text: bytes) -> dict:
    """Who cosigned a checkpoint that holds, where witnesses are relied on."""
    if not arguments.witness:
        return {}
    return {"cosignedBy": [f"{name} at {shown_time(1000 * time)}"
                           for name, time in check_cosignatures(text, *read_witnesses(arguments.witness, arguments.witness_quorum))]}


def anchored(report: dict, checkpoint: tuple[int, bytes] | None) -> dict:
    return report | ({} if checkpoint is None else {"checkpointSize": checkpoint[0]})


def balance(chainspec: Chainspec, arguments) -> tuple[str, dict]:
    """checks an account's balance as of a block"""
    kept = kept_checkpoint(chainspec, arguments)
    account, header = check_balance(chainspec, read(arguments.file, MAXIMUM_BALANCE_BYTES), kept)
    owed = account.kind == LIABILITY
    return "the account had this balance", anchored({
        "address": chainspec.address(account.id), "kind": KIND_NAMES[account.kind], "status": status_name(account.status),
        "outstanding" if owed else "balance": [
            money(chainspec, item.outstanding() if owed else item.posted(), asset)
            for asset, item in account.balances.items()],
        "entryCount": account.entry_count, "entryHash": account.entry_hash.hex(),
    } | block_report(chainspec, header), kept)


def status_name(status: int) -> str:
    return next(name for name, number in STATUSES.items() if number == status)


def history(chainspec: Chainspec, arguments) -> tuple[str, dict]:
    """checks that an account's statement is complete"""
    kept = kept_checkpoint(chainspec, arguments)
    found = check_history(chainspec, read(arguments.file, MAXIMUM_HISTORY_BYTES), kept)
    lines = []
    for sequence, entry in enumerate(found.entries, found.start.entry_count):
        moved = {DEBITED: " -", CREDITED: " +"}.get(entry.kind)
        amount = "" if moved is None else moved + money(chainspec, entry.amount, entry.asset)
        lines.append(f"#{sequence} block {entry.height} {ENTRY_NAMES[entry.kind]}{amount} {entry.id.hex()}")
    begins = {} if found.after is None else {"fromHeight": found.after}
    return "the statement is complete", anchored({
        "address": chainspec.address(found.end.id), "status": status_name(found.end.status)} | begins | {
        "toHeight": found.header.height, "entries": lines,
    } | block_report(chainspec, found.header), kept)


def supply(chainspec: Chainspec, arguments) -> tuple[str, dict]:
    """checks an asset's supply, of every institution, as of a block"""
    kept = kept_checkpoint(chainspec, arguments)
    records, header = check_supply(chainspec, read(arguments.file, MAXIMUM_SUPPLY_BYTES), kept)
    asset = chainspec.assets[records[0].asset]

    def total(name: str) -> str:
        return amount_text(sum(getattr(record, name) for record in records), asset.decimals)
    return "this was the supply, and every unit outstanding is held", anchored({
        "asset": asset.code, "issued": total("issued"), "redeemed": total("redeemed"), "outstanding": total("outstanding"),
        "held": total("held"), "frozen": total("frozen"), "reserveAttested": total("reserve_attested"),
    } | block_report(chainspec, header), kept)


def checkpoint(chainspec: Chainspec, arguments) -> tuple[str, dict]:
    """checks the signatures of a checkpoint, and that it continues an earlier one"""
    if arguments.consistency is not None and arguments.earlier is None:
        raise Unreadable("wrongUse", "--consistency needs --earlier")
    text = read(arguments.file, MAXIMUM_CHECKPOINT_BYTES)
    latest = check_checkpoint(chainspec, text)
    report = {"size": latest[0], "root": latest[1].hex()}
    if arguments.earlier is None:
        return "a quorum of validators signed the checkpoint", report | cosigned(arguments, text)
    earlier = check_checkpoint(chainspec, read(arguments.earlier, MAXIMUM_CHECKPOINT_BYTES))
    proof = None if arguments.consistency is None else read(arguments.consistency, MAXIMUM_CONSISTENCY_BYTES)
    check_consistency(earlier, latest, proof)
    return ("a quorum of validators signed the checkpoint, and it continues the earlier one",
            report | {"earlierSize": earlier[0]} | cosigned(arguments, text))


def chain(chainspec: Chainspec, arguments) -> tuple[str, dict]:
    """replays an export from genesis and checks everything in it"""
    signatures = Signatures(arguments.workers)
    try:
        archives = None if arguments.manifest is None else read(arguments.manifest, MAXIMUM_LIST_BYTES)
        directories = [Path(path) for path in (arguments.file, *arguments.more)]
        result, transactions, text = replay(chainspec, directories, archives, signatures)
    finally:
        signatures.close()
    cosigners = cosigned(arguments, text)
    header = result.header
    report = {"blocks": header.height, "transactions": transactions, "height": header.height,
              "block": header.block_hash().hex(), "stateRoot": header.state_root.hex(),
              "supplyRoot": header.supply_root.hex(), "historyRoot": result.history.root().hex(),
              "accounts": len(result.state.accounts)}
    for record in result.state.supply():
        if record.quota:
            asset, bank = chainspec.assets[record.asset], chainspec.institutions[record.institution]
            report[f"outstanding.{asset.code}.{bank.name}"] = amount_text(record.outstanding, asset.decimals)
    return "every block, root, signature and rule, and the checkpoint", report | cosigners


COMMANDS = {"receipt": (receipt, "payment.receipt"), "balance": (balance, "alice.proof"),
            "history": (history, "january.history"), "supply": (supply, "eur.supply"),
            "checkpoint": (checkpoint, "export/checkpoint"), "chain": (chain, "export")}
ANCHORED = ("balance", "history", "supply")


def parser() -> argparse.ArgumentParser:
    form = argparse.RawDescriptionHelpFormatter
    top = argparse.ArgumentParser(
        prog="pyverify", formatter_class=form, epilog=EPILOG.format(command="receipt", file="payment.receipt"),
        description="Checks receipts, balances, statements, supply, checkpoints and whole exports offline, against a chain\n"
                    "specification that you have from a source you trust. A second opinion beside coffer-verify.")
    commands = top.add_subparsers(dest="command", required=True)
    for name, (run, file) in COMMANDS.items():
        text = run.__doc__
        sub = commands.add_parser(name, help=text, description=text, formatter_class=form,
                                  epilog=EPILOG.format(command=name, file=file))
        sub.add_argument("file", metavar="EXPORT" if name == "chain" else "FILE")
        if name == "chain":
            sub.add_argument("more", metavar="EXPORT", nargs="*", help="more directories, which have its segments together")
            sub.add_argument("--manifest", metavar="FILE", help="the list of archives that must be among them (docs/spec/archive.md)")
        sub.add_argument("--chainspec", required=True, metavar="FILE", help="the network's chain specification (JSON)")
        if name in ANCHORED:
            sub.add_argument("--checkpoint", metavar="FILE",
                             help="a checkpoint that must have the document's block in its history")
        if name != "receipt":
            sub.add_argument("--witness", action="append", default=[], metavar="KEY",
                             help="a witness that must have cosigned the checkpoint (name+hash+base64); may be repeated")
            sub.add_argument("--witness-quorum", type=int, metavar="N",
                             help="how many of the witnesses must have cosigned; default: all of them")
        if name == "checkpoint":
            sub.add_argument("--earlier", metavar="FILE", help="an earlier checkpoint that you kept")
            sub.add_argument("--consistency", metavar="FILE",
                             help="the proof that the checkpoint continues the earlier one; not needed where they are of one size")
        sub.add_argument("--json", action="store_true", help="print the result as JSON")
        sub.add_argument("--workers", type=int, default=len(os.sched_getaffinity(0)), metavar="N",
                         help="processes that check signatures; default: one per core")
    return top


def verdict(arguments) -> tuple[int, str, dict]:
    """The exit code, a heading and what was found."""
    try:
        if not 1 <= arguments.workers <= MAXIMUM_WORKERS:
            raise Unreadable("wrongUse", f"--workers must be 1 to {MAXIMUM_WORKERS}")
        if arguments.command != "receipt" and (arguments.witness or arguments.witness_quorum is not None):
            read_witnesses(arguments.witness, arguments.witness_quorum)  # wrong use shows before anything is read
        chainspec = read_chainspec(arguments.chainspec)
        heading, report = COMMANDS[arguments.command][0](chainspec, arguments)
        return 0, f"HOLDS: {heading}", {"verdict": "holds", "network": f"{chainspec.name} {chainspec.network.hex()}"} | report
    except DoesNotHold as error:
        return 1, f"DOES NOT HOLD: {error} [{error.code}]", failed("doesNotHold", error)
    except Failure as error:
        return 2, f"cannot be checked: {arguments.file}: {error} [{error.code}]", failed("unreadable", error)
    except OSError as error:
        error = Unreadable("exportUnreadable", f"{error.filename} cannot be read: {error.strerror}")
        return 2, f"cannot be checked: {error} [{error.code}]", failed("unreadable", error)


def failed(what: str, error: Failure) -> dict:
    return {"verdict": what, "code": error.code, "detail": str(error)} | error.place


def main() -> int:
    arguments = parser().parse_args()
    try:
        code, heading, report = verdict(arguments)
    except Exception:  # a mistake in this program says nothing about its input, and must not look like a verdict on it
        traceback.print_exc()
        return 2
    if arguments.json:
        text = json.dumps(report, indent=2, ensure_ascii=False)
    else:
        lines = list(report.items())[1:] if code == 0 else []
        width = max((len(name) for name, _ in lines), default=0)
        separator = "\n" + " " * (width + 4)
        text = "\n".join([heading] + [
            f"  {name:{width}}  {separator.join(value) if isinstance(value, list) else value}" for name, value in lines])
    try:
        print(text, file=sys.stderr if code and not arguments.json else sys.stdout, flush=True)
    except BrokenPipeError:
        # Whoever read the output has seen enough. What Python still has to write on its way out goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
