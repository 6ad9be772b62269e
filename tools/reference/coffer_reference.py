"""A second implementation of Coffer's formats and rules, written from docs/spec alone. See README.md beside this file.

Every command prints what it found in a few lines, or with --json whole as one JSON object. Exit code 0: it holds; 1:
something does not hold, named on the standard error output; 2: the input is unreadable or the program was used wrongly.
"""

import argparse
import json
import os
import sys
import traceback
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parents[1]))  # where pyverify is

from coffer_commands import build, decode, network, open_key
from coffer_demo import demo
from coffer_example import write_example
from coffer_golden import write_golden
from coffer_report import short_form
from coffer_selfcheck import self_check
from coffer_vectorcheck import check_vectors, write_vectors
from coffer_verdicts import verdicts
from pyverify.encoding import DoesNotHold, NotCanonical, Unreadable
from pyverify.transaction import OPENED_KINDS, STATUSES


def parser() -> argparse.ArgumentParser:
    top = argparse.ArgumentParser(description="The reference implementation of Coffer's formats and rules.")
    commands = top.add_subparsers(dest="command", required=True)

    def command(name: str, run, text: str, chainspec: bool = True) -> argparse.ArgumentParser:
        sub = commands.add_parser(name, help=text, description=text)
        sub.set_defaults(run=run)
        sub.add_argument("--json", action="store_true", help="print everything, as one JSON object")
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

    sub = command("decode", decode, "decode a transaction: canonical bytes, raw or hexadecimal, or JSON")
    sub.add_argument("file", metavar="FILE")
    sub = command("open-key", open_key, "open an encrypted key file", False)
    sub.add_argument("file", metavar="FILE")
    sub.add_argument("--passphrase-file", required=True, metavar="FILE")
    sub.add_argument("--out", metavar="FILE", help="write the 32-byte secret key here; a new file with mode 0600")
    sub = command("example", lambda a: write_example(Path(a.out)), "write a small chain and its proofs", False)
    sub.add_argument("--out", required=True, metavar="DIR", help="must not exist yet")
    sub = command("self-check", run_self_check, "check this program against itself", False)
    sub.add_argument("--vectors", type=Path, action="append", default=[], metavar="DIR",
                     help="also check the vectors in this folder, the project's or published ones")
    sub = command("vectors", lambda a: write_vectors(Path(a.out)), "write the project's vectors that this program makes", False)
    sub.add_argument("--out", required=True, metavar="DIR")
    sub = command("golden", lambda a: write_golden(Path(a.out)), "write the golden chains of Tests/Golden", False)
    sub.add_argument("--out", required=True, metavar="DIR")
    sub = command("verdicts", verdicts, "what pyverify says about many files, in one run", False)
    sub.add_argument("cases", metavar="FILE", help="JSON: a list of lists of pyverify's arguments")
    sub = command("demo", demo, "play a payment against a development node")
    sub.add_argument("--node", default="http://127.0.0.1:8420", metavar="URL")
    sub.add_argument("--out", default="reference-receipt.json", metavar="FILE", help="where to save the receipt")
    return top


def run_self_check(arguments) -> dict:
    report = self_check()
    for directory in arguments.vectors:
        report[str(directory)] = check_vectors(directory)
    return report


def report_of(arguments) -> tuple[int, dict]:
    """The exit code and what to print; why it does not hold or cannot be read is said here."""
    def refused(code: int, what: str, error) -> tuple[int, dict]:
        print(f"{what}: {error} [{error.code}]", file=sys.stderr)
        return code, {"verdict": what, "code": error.code, "detail": str(error)}

    try:
        return 0, arguments.run(arguments)
    except DoesNotHold as error:
        return refused(1, "doesNotHold", error)
    except NotCanonical as error:
        return refused(1 if arguments.command == "decode" else 2, "doesNotDecode", error)
    except Unreadable as error:
        return refused(2, "unreadable", error)
    except OSError as error:
        return refused(2, "unreadable", Unreadable("fileUnreadable", str(error)))
    except Exception:  # a mistake in this program says nothing about its input, so it must not look like a verdict
        traceback.print_exc()
        return 2, {}


def main() -> int:
    arguments = parser().parse_args()
    code, report = report_of(arguments)
    try:
        if arguments.json:
            print(json.dumps(report, indent=2, ensure_ascii=False))
        elif code == 0:
            print(short_form(report))
        sys.stdout.flush()
    except BrokenPipeError:
        # Whoever read the output has seen enough. What Python still has to write on its way out goes nowhere.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return code


if __name__ == "__main__":
    sys.exit(main())
