"""docs/spec/archive.md: the list of archives, and its vectors."""

import json

from coffer_vectortools import check_cases
from pyverify.archive import LARGEST_ARCHIVE_BYTES, read_archive_list
from pyverify.encoding import sha256

FORMAT = "coffer-archives/v1"
SEGMENT_HEADER_BYTES = 56
LARGEST = (1 << 64) - 1


def manifest_text(network: bytes, archives: list[dict]) -> str:
    return json.dumps({"format": FORMAT, "network": network.hex(), "archives": archives}, indent=2) + "\n"


def archive_vectors(export: dict) -> dict:
    """Made from the export's own vectors: its one segment, as if it were a whole one."""
    chain = next(case for case in export["valid"] if case["name"] == "one-empty-block")
    segment = bytes.fromhex(chain["files"]["blocks-00000000.coffer"])
    network = segment[16:48]
    first = {"segment": 0, "firstHeight": 1, "lastHeight": 1, "byteCount": len(segment), "sha256": sha256(segment).hex()}
    second = first | {"segment": 1, "firstHeight": 2, "lastHeight": 9}
    lists = {"none": [], "one": [first], "two": [first, second]}
    refused = {
        "a gap between heights": [first, second | {"firstHeight": 3}], "an overlap": [first, second | {"firstHeight": 1}],
        "a number left out": [first, second | {"segment": 2}], "not from segment 0": [second],
        "ends before it begins": [first | {"lastHeight": 0}], "no frame": [first | {"byteCount": SEGMENT_HEADER_BYTES}],
        "larger than a segment": [first | {"byteCount": LARGEST_ARCHIVE_BYTES + 1}], "a short hash": [first | {"sha256": "00"}],
        "the last height of all": [first | {"lastHeight": LARGEST}]}
    texts = {name: manifest_text(network, archives) for name, archives in refused.items()}
    good = manifest_text(network, [first])
    return {
        "about": "Lists of archives (docs/spec/archive.md section 2): what they say, and what is refused.",
        "valid": [{"name": name, "text": manifest_text(network, archives), "network": network.hex(), "archives": archives}
                  for name, archives in lists.items()],
        "refused": [{"name": name, "text": text, "error": "fieldValue"} for name, text in texts.items()] + [
            {"name": "another format", "text": good.replace("/v1", "/v2"), "error": "fieldValue"},
            {"name": "an unknown field", "text": good.replace('"network"', '"note": "", "network"'), "error": "fieldUnknown"},
            {"name": "no archives", "text": good.split(',\n  "archives"')[0] + "\n}\n", "error": "fieldMissing"}]}


def read_case(text: bytes) -> dict:
    network, archives = read_archive_list(text)
    return {"network": network.hex(), "archives": archives}


def check_archives(data: dict) -> int:
    return check_cases("archive.json", data, lambda case: read_case(case["text"].encode()))
