"""The command `verdicts`: many runs of pyverify in one process, for tests that compare hundreds of them."""

import json
from pathlib import Path

from pyverify.__main__ import parser, verdict


def verdicts(arguments) -> dict:
    """What pyverify would print with --json, and its exit code, for each of many lists of arguments."""
    results, own = [], parser()
    for case in json.loads(Path(arguments.cases).read_bytes()):
        code, _, report = verdict(own.parse_args([*case, "--workers", "1"]))
        results.append(report | {"exitCode": code})
    return {"verdicts": results}
