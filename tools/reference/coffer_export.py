"""Export archives: docs/spec/export.md.

The names of what is wrong with an export are those that coffer-verify prints.
"""

from pathlib import Path

from coffer_block import CertifiedBlock
from coffer_chain import Chain
from coffer_chainspec import Chainspec
from coffer_checkpoint import MAXIMUM_CHECKPOINT_BYTES, check_checkpoint
from coffer_encoding import DoesNotHold, NotCanonical, Unreadable, sha256, unsigned

MAGIC = b"COFFER-EXPORT\n"
HEADER_BYTES = 56
CHECKSUM_BYTES = 32
MAXIMUM_SEGMENT_BYTES = 67_108_864
MAXIMUM_CERTIFIED_BLOCK_BYTES = 33_558_658


def unreadable_unless(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise Unreadable(code, message)


def fails_unless(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise DoesNotHold(code, message)


def segment_header(network: bytes, first_height: int) -> bytes:
    return MAGIC + unsigned(1, 2) + network + unsigned(first_height, 8)


def frame(block: bytes) -> bytes:
    framed = unsigned(len(block), 4) + block
    return framed + sha256(framed)


def check_segment_header(data: bytes, name: str, network: bytes, height: int) -> None:
    """export.md 1, items 1 to 4; section 4."""
    wanted = segment_header(network, height)
    unreadable_unless(data[:14] == MAGIC[:len(data)], "exportWrongMagic", f"{name} is not a segment of an export")
    unreadable_unless(len(data) >= HEADER_BYTES, "exportTruncated", f"{name} ends within its header")
    for code, start, end in (("exportUnknownVersion", 14, 16), ("exportWrongNetwork", 16, 48),
                             ("exportWrongFirstHeight", 48, HEADER_BYTES)):
        unreadable_unless(data[start:end] == wanted[start:end], code,
                          f"{name} has {data[start:end].hex()} in bytes {start} to {end - 1}, "
                          f"not {wanted[start:end].hex()}")


def read_frame(data: bytes, start: int, place: str) -> bytes:
    """The certified block of the frame that starts here (export.md 1 and 4)."""
    length = int.from_bytes(data[start:start + 4], "big")
    end = start + 4 + length + CHECKSUM_BYTES
    # The length's own bytes may be missing, too.
    complete_length = start + 4 <= len(data)
    unreadable_unless(not complete_length or length <= MAXIMUM_CERTIFIED_BLOCK_BYTES, "exportFrameTooLong",
                      f"{place} claims {length} bytes")
    fails_unless(not complete_length or start == HEADER_BYTES or end <= MAXIMUM_SEGMENT_BYTES, "exportSegmentTooLong",
                 f"{place} belongs to the next segment")
    unreadable_unless(end <= len(data), "exportTruncated", f"the segment ends within {place}")
    framed, checksum = data[start:end - CHECKSUM_BYTES], data[end - CHECKSUM_BYTES:end]
    fails_unless(checksum == sha256(framed), "exportChecksumMismatch", f"the checksum of {place} is wrong")
    return framed[4:]


def certified_blocks(directory: Path, network: bytes):
    """Yields the certified blocks of an export in order; checks framing, checksums and cuts (export.md 1)."""
    names = sorted(p.name for p in directory.iterdir() if p.name.startswith("blocks-") and p.name.endswith(".coffer"))
    unreadable_unless(names == [f"blocks-{number:08}.coffer" for number in range(len(names))] != [], "exportUnreadable",
                      f"the export has no segment 0, or a gap between its segments: {names}")
    height, before = 1, 0  # the size of the segment before
    for number, name in enumerate(names):
        data, position = (directory / name).read_bytes(), HEADER_BYTES
        check_segment_header(data, name, network, height)
        fails_unless(number == 0 or len(data) > HEADER_BYTES, "exportWrongCut", f"{name} has no frame")
        while position < len(data):
            place = f"the frame of height {height} in {name}"
            block = read_frame(data, position, place)
            size = 4 + len(block) + CHECKSUM_BYTES
            if number > 0 and position == HEADER_BYTES:
                full = before > HEADER_BYTES and before + size > MAXIMUM_SEGMENT_BYTES
                fails_unless(full, "exportWrongCut", f"{place} belongs to the segment before")
            yield height, block
            height, position = height + 1, position + size
        before = len(data)


def replay(chainspec: Chainspec, directory: Path) -> Chain:
    """Checks a whole export and returns the chain at its end (export.md 3)."""
    unreadable_unless(directory.is_dir(), "exportUnreadable", f"{directory} is not a directory")
    chain = Chain(chainspec)
    for height, data in certified_blocks(directory, chainspec.network):
        try:
            block = CertifiedBlock.decode(data)
        except NotCanonical as error:
            raise DoesNotHold(error.code, f"the block at height {height} does not decode: {error}") from error
        chain.check(block)
    checkpoint = directory / "checkpoint"
    unreadable_unless(checkpoint.is_file(), "exportUnreadable", f"{directory} has no checkpoint: it is not finished")
    unreadable_unless(checkpoint.stat().st_size <= MAXIMUM_CHECKPOINT_BYTES, "exportUnreadable", "the checkpoint is too long")
    size, root = check_checkpoint(chainspec, checkpoint.read_bytes())
    fails_unless((size, root) == (len(chain.history), chain.history.root()), "checkpointMismatch",
                 f"the checkpoint is of {size} headers with the root {root.hex()}, the export has {len(chain.history)} with "
                 f"{chain.history.root().hex()}")
    chain.state.check_invariants()
    return chain


def export_files(network: bytes, blocks: list[CertifiedBlock], checkpoint: bytes) -> dict[str, bytes]:
    """The files of an export (export.md 1 and 2)."""
    segments = [bytearray(segment_header(network, 1))]
    for block in blocks:
        framed = frame(block.encode())
        if len(segments[-1]) > HEADER_BYTES and len(segments[-1]) + len(framed) > MAXIMUM_SEGMENT_BYTES:
            segments.append(bytearray(segment_header(network, block.header.height)))
        segments[-1] += framed
    return {f"blocks-{number:08}.coffer": bytes(segment) for number, segment in enumerate(segments)} | {
        "checkpoint": checkpoint}


def write_export(directory: Path, files: dict[str, bytes]) -> None:
    directory.mkdir()
    for name, data in files.items():
        (directory / name).write_bytes(data)
