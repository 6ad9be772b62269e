"""docs/spec/archive.md: the list of archives, and segments in several directories."""

import hashlib
import os
from pathlib import Path

from .encoding import DoesNotHold, Unreadable
from .strict_json import Fields, json_hex, json_integer, json_list, json_string, refuse_unless, strict_json

MAXIMUM_LIST_BYTES = 33_554_432
MAXIMUM_ARCHIVES = 100_000
SMALLEST_ARCHIVE_BYTES = 57
LARGEST_ARCHIVE_BYTES = 67_108_864
MAXIMUM_HEIGHT = (1 << 64) - 1
PIECE_BYTES = 1 << 20


def read_archive_list(text: bytes) -> tuple[bytes, list[dict]]:
    """The network, and the archives with the names of their fields (section 2)."""
    item = Fields(strict_json(text))
    json_string(item["format"], "coffer-archives/v1", "format")
    network = json_hex(item["network"], 32, "the network")
    listed = item["archives"]
    item.end()
    archives, height = [], 1
    for number, entry in enumerate(map(Fields, json_list(listed, 0, MAXIMUM_ARCHIVES, "archives"))):
        archive = {name: json_integer(entry[name], 0, MAXIMUM_HEIGHT, name)
                   for name in ("segment", "firstHeight", "lastHeight", "byteCount")}
        archive["sha256"] = json_hex(entry["sha256"], 32, "sha256").hex()
        entry.end()
        refuse_unless(archive["segment"] == number, "fieldValue", f"archive {number} has segment {archive['segment']}")
        refuse_unless(archive["firstHeight"] == height, "fieldValue", f"archive {number} does not begin at height {height}")
        refuse_unless(height <= archive["lastHeight"] < MAXIMUM_HEIGHT, "fieldValue", f"archive {number} has no last height")
        refuse_unless(SMALLEST_ARCHIVE_BYTES <= archive["byteCount"] <= LARGEST_ARCHIVE_BYTES, "fieldValue",
                      f"no archive has {archive['byteCount']} bytes")
        archives.append(archive)
        height = archive["lastHeight"] + 1
    return network, archives


def name_of(archive: dict) -> str:
    return (f"blocks-{archive['segment']:08}.coffer (heights {archive['firstHeight']} to {archive['lastHeight']}, "
            f"SHA-256 {archive['sha256']})")


def check_archives_are_there(archives: list[dict], there: set[int]) -> None:
    """Section 4, item 2."""
    missing = [name_of(archive) for archive in archives if archive["segment"] not in there]
    if missing:
        raise Unreadable("archiveMissing", f"{len(missing)} archives are missing: {'; '.join(missing[:4])}")


def check_is_archive(path: Path, archive: dict, archives: list[dict]) -> None:
    """Section 4, item 3: before the first block of the file is read."""
    size = os.stat(path).st_size
    if size == archive["byteCount"]:
        digest = digest_of(path)
        if digest == archive["sha256"]:
            return
        found = next((f"the archive {name_of(other)}" for other in archives if other["sha256"] == digest), f"a file with SHA-256 {digest}")
    else:
        found = f"a file of {size} bytes, not {archive['byteCount']}"
    raise DoesNotHold("archiveDiffers", f"{path} is not the archive {name_of(archive)}; it is {found}")


def check_ends_archive(path: Path, archive: dict, height: int) -> None:
    """Section 4, item 4: once the file's last block, of this height, was read."""
    if height != archive["lastHeight"]:
        raise DoesNotHold("archiveDiffers", f"{path} ends with block {height}; it should be the archive {name_of(archive)}")


def digest_of(path: Path) -> str:
    """The content address of a file (section 1), of which no more is read than an archive can have."""
    digest = hashlib.sha256()
    with open(path, "rb") as file:
        for _ in range(0, LARGEST_ARCHIVE_BYTES, PIECE_BYTES):
            digest.update(file.read(PIECE_BYTES))
    return digest.hexdigest()
