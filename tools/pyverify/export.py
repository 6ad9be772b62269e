"""docs/spec/export.md: archives of all blocks. The names of what is wrong with one are those of errors.md section 8."""

import os
import re
import stat
from pathlib import Path
from typing import BinaryIO, Iterator

from .archive import check_archives_are_there, check_ends_archive, check_is_archive, read_archive_list
from .block import CertifiedBlock
from .chain import Chain
from .chainspec import Chainspec
from .checkpoint import MAXIMUM_CHECKPOINT_BYTES, check_checkpoint, read_checkpoint
from .encoding import DoesNotHold, NotCanonical, Unreadable, sha256, unsigned
from .rules import check_invariants
from .signatures import Signatures

MAGIC = b"COFFER-EXPORT\n"
HEADER_BYTES = 56
CHECKSUM_BYTES = 32
MAXIMUM_SEGMENT_BYTES = 67_108_864
MAXIMUM_CERTIFIED_BLOCK_BYTES = 33_558_658


def unreadable_unless(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise Unreadable(code, message)


def fails_unless(condition: bool, code: str, message: str, **place) -> None:
    if not condition:
        raise DoesNotHold(code, message, **place)


def segment_header(network: bytes, first_height: int) -> bytes:
    return MAGIC + unsigned(1, 2) + network + unsigned(first_height, 8)


def check_segment_header(data: bytes, name: str, network: bytes, height: int) -> None:
    """Section 1, items 1 to 4; section 4."""
    wanted = segment_header(network, height)
    unreadable_unless(data[:14] == MAGIC[:len(data)], "exportWrongMagic", f"{name} is not a segment of an export")
    unreadable_unless(len(data) >= HEADER_BYTES, "exportTruncated", f"{name} ends within its header")
    for code, start, end in (("exportUnknownVersion", 14, 16), ("exportWrongNetwork", 16, 48),
                             ("exportWrongFirstHeight", 48, HEADER_BYTES)):
        unreadable_unless(data[start:end] == wanted[start:end], code,
                          f"{name} has {data[start:end].hex()} in bytes {start} to {end - 1}, "
                          f"not {wanted[start:end].hex()}")


def read_frame(file: BinaryIO, start: int, place: str, height: int) -> bytes:
    """The certified block of the frame that starts here (section 1 and 4). No more is read than the format allows."""
    prefix = file.read(4)
    length = int.from_bytes(prefix, "big")
    if len(prefix) == 4:  # of a length that is cut nothing is known
        unreadable_unless(length <= MAXIMUM_CERTIFIED_BLOCK_BYTES, "exportFrameTooLong", f"{place} claims {length} bytes")
        fails_unless(start == HEADER_BYTES or start + 4 + length + CHECKSUM_BYTES <= MAXIMUM_SEGMENT_BYTES,
                     "exportSegmentTooLong", f"{place} belongs to the next segment", height=height)
    rest = file.read(length + CHECKSUM_BYTES)
    unreadable_unless(len(prefix) == 4 and len(rest) == length + CHECKSUM_BYTES, "exportTruncated",
                      f"the segment ends within {place}")
    block = rest[:length]
    fails_unless(rest[length:] == sha256(prefix + block), "exportChecksumMismatch", f"the checksum of {place} is wrong",
                 height=height)
    return block


def check_regular(path: Path) -> None:
    """Section 4: no links, directories or pipes, none of which an export has."""
    unreadable_unless(stat.S_ISREG(os.lstat(path).st_mode), "exportUnreadable", f"{path} is not a regular file")


def segments(directories: list[Path], archives: list[dict]) -> list[Path]:
    """The files of all segments, in order; where several directories have one, the one that is meant (archive.md section 4)."""
    found: dict[int, tuple[bool, int, Path]] = {}
    for directory in directories:
        for name in os.listdir(directory):
            if not (name.startswith("blocks-") and name.endswith(".coffer")):
                continue
            digits = name[7:-7]
            number = int(digits) if re.fullmatch("[0-9]{8,20}", digits) else -1
            unreadable_unless(name == f"blocks-{number:08}.coffer" and number < 1 << 64, "exportUnreadable", f"no segment is named {name}")
            path = directory / name
            check_regular(path)
            size = os.stat(path).st_size
            listed = number < len(archives) and archives[number]["byteCount"] == size
            if number not in found or (listed, 0 if listed else size) > found[number][:2]:
                found[number] = (listed, 0 if listed else size, path)
    unreadable_unless(bool(found) or bool(archives), "exportUnreadable", "the export has no segment 0")
    check_archives_are_there(archives, set(found))
    unreadable_unless(max(found) == len(found) - 1, "exportUnreadable",
                      f"the export has {len(found)} segments, and one of number {max(found)}: there is a gap between them")
    return [found[number][2] for number in range(len(found))]


def certified_blocks(directories: list[Path], network: bytes, archives: list[dict]) -> Iterator[tuple[int, bytes]]:
    """The certified blocks of an export in order; checks framing, checksums and cuts (section 1), and that archives are those of a list."""
    height, before = 1, 0  # the size of the segment before
    for number, path in enumerate(segments(directories, archives)):
        if number < len(archives):
            check_is_archive(path, archives[number], archives)
        with open(path, "rb") as file:
            size, position = os.fstat(file.fileno()).st_size, HEADER_BYTES
            check_segment_header(file.read(HEADER_BYTES), path.name, network, height)
            fails_unless(number == 0 or size > HEADER_BYTES, "exportWrongCut", f"{path.name} has no frame", height=height)
            while position < size:
                place = f"the frame of height {height} in {path.name}"
                block = read_frame(file, position, place, height)
                end = position + 4 + len(block) + CHECKSUM_BYTES
                if number > 0 and position == HEADER_BYTES:
                    full = before > HEADER_BYTES and before + end - position > MAXIMUM_SEGMENT_BYTES
                    fails_unless(full, "exportWrongCut", f"{place} belongs to the segment before", height=height)
                yield height, block
                height, position = height + 1, end
            before = size
            if number < len(archives):
                check_ends_archive(path, archives[number], height - 1)


def last_checkpoint(chainspec: Chainspec, directories: list[Path]) -> tuple[int, bytes, bytes]:
    """Size, root and text of the checkpoint of the most headers, of those that the directories have."""
    last = None
    for directory in directories:
        checkpoint = directory / "checkpoint"
        if not os.path.lexists(checkpoint):
            continue
        check_regular(checkpoint)
        with open(checkpoint, "rb") as file:
            text = file.read(MAXIMUM_CHECKPOINT_BYTES + 1)
        unreadable_unless(len(text) <= MAXIMUM_CHECKPOINT_BYTES, "exportUnreadable", "the checkpoint is too long")
        size = read_checkpoint(text)[1]
        if last is None or size > last[0]:
            last = (size, text)
    unreadable_unless(last is not None, "exportUnreadable", "the export has no checkpoint: it is not finished")
    return *check_checkpoint(chainspec, last[1]), last[1]


def replay(chainspec: Chainspec, directories: list[Path], archive_list: bytes | None = None,
           signatures: Signatures | None = None) -> tuple[Chain, int, bytes]:
    """Checks a whole export; the chain at its end, the number of transactions, and the checkpoint's text (section 3)."""
    network, archives = (chainspec.network, []) if archive_list is None else read_archive_list(archive_list)
    unreadable_unless(network == chainspec.network, "exportUnreadable", f"the list of archives is of the network {network.hex()}")
    for directory in directories:
        unreadable_unless(directory.is_dir(), "exportUnreadable", f"{directory} is not a directory")
    chain, transactions = Chain(chainspec, signatures), 0
    try:
        for height, data in certified_blocks(directories, chainspec.network, archives):
            try:
                block = CertifiedBlock.decode(data)
            except NotCanonical as error:
                raise DoesNotHold(error.code, f"the block at height {height} does not decode: {error}", height=height,
                                  **error.place) from error
            chain.check(block)
            transactions += len(block.transactions)
    finally:
        chain.signatures.settle()  # a claim that is false was made before whatever ended the loop
    size, root, text = last_checkpoint(chainspec, directories)
    fails_unless((size, root) == (len(chain.history), chain.history.root()), "checkpointMismatch",
                 f"the checkpoint is of {size} headers with the root {root.hex()}, the export has {len(chain.history)} with "
                 f"{chain.history.root().hex()}")
    check_invariants(chain.state)
    return chain, transactions, text
