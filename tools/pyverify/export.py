"""docs/spec/export.md: archives of all blocks. The names of what is wrong with one are those of errors.md section 8."""

import os
import stat
from pathlib import Path
from typing import BinaryIO, Iterator

from .block import CertifiedBlock
from .chain import Chain
from .chainspec import Chainspec
from .checkpoint import MAXIMUM_CHECKPOINT_BYTES, check_checkpoint
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


def segments(directory: Path) -> list[Path]:
    names = sorted(name for name in os.listdir(directory) if name.startswith("blocks-") and name.endswith(".coffer"))
    unreadable_unless(names == [f"blocks-{number:08}.coffer" for number in range(len(names))] != [], "exportUnreadable",
                      f"the export has no segment 0, or a gap between its segments: {names[:10]}")
    paths = [directory / name for name in names]
    for path in paths:
        check_regular(path)
    return paths


def certified_blocks(directory: Path, network: bytes) -> Iterator[tuple[int, bytes]]:
    """The certified blocks of an export in order; checks framing, checksums and cuts (section 1)."""
    height, before = 1, 0  # the size of the segment before
    for number, path in enumerate(segments(directory)):
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


def replay(chainspec: Chainspec, directory: Path, signatures: Signatures | None = None) -> tuple[Chain, int, bytes]:
    """Checks a whole export; the chain at its end, the number of transactions, and the checkpoint's text (section 3)."""
    unreadable_unless(directory.is_dir(), "exportUnreadable", f"{directory} is not a directory")
    chain, transactions = Chain(chainspec, signatures), 0
    try:
        for height, data in certified_blocks(directory, chainspec.network):
            try:
                block = CertifiedBlock.decode(data)
            except NotCanonical as error:
                raise DoesNotHold(error.code, f"the block at height {height} does not decode: {error}", height=height,
                                  **error.place) from error
            chain.check(block)
            transactions += len(block.transactions)
    finally:
        chain.signatures.settle()  # a claim that is false was made before whatever ended the loop
    checkpoint = directory / "checkpoint"
    unreadable_unless(os.path.lexists(checkpoint), "exportUnreadable", f"{directory} has no checkpoint: it is not finished")
    check_regular(checkpoint)
    with open(checkpoint, "rb") as file:
        text = file.read(MAXIMUM_CHECKPOINT_BYTES + 1)
    unreadable_unless(len(text) <= MAXIMUM_CHECKPOINT_BYTES, "exportUnreadable", "the checkpoint is too long")
    size, root = check_checkpoint(chainspec, text)
    fails_unless((size, root) == (len(chain.history), chain.history.root()), "checkpointMismatch",
                 f"the checkpoint is of {size} headers with the root {root.hex()}, the export has {len(chain.history)} with "
                 f"{chain.history.root().hex()}")
    check_invariants(chain.state)
    return chain, transactions, text
