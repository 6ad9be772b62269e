"""docs/spec/encoding.md, sections 1 to 5: integers, hashes, trees, keys and signatures, addresses.

Every function of this program names the page and section of docs/spec that it follows.
"""

import hashlib
from dataclasses import dataclass
from functools import lru_cache

import coincurve


class Failure(Exception):
    """Why an input is refused. `code` is the stable one of errors.md; `place` has what is known of where it is:
    `height`, and of a transaction its `index` in the block and its `id`."""

    def __init__(self, code: str, message: str, **place):
        super().__init__(message)
        self.code, self.place = code, place


class Unreadable(Failure):
    """The input is not what it should be a file of, or the program was used wrongly: exit code 2."""


class NotCanonical(Failure):
    """Bytes that do not decode. What that means is for whoever decodes them to say."""


class DoesNotHold(Failure):
    """What was claimed is not true: exit code 1."""


def fail_if(condition: bool, code: str, message: str, **place) -> None:
    if condition:
        raise DoesNotHold(code, message, **place)


# ---------------------------------------------------------------- section 1: primitives


def unsigned(value: int, size: int) -> bytes:
    """`u8` to `u128`: an unsigned integer of `size` bytes, most significant first."""
    return value.to_bytes(size, "big")


def string(text: str) -> bytes:
    return unsigned(len(text), 1) + text.encode("ascii")


def listed(count_size: int, items: list[bytes]) -> bytes:
    """`list8` and `list16`: a count, then the items."""
    return unsigned(len(items), count_size) + b"".join(items)


class Reader:
    """Takes values off the front of some bytes; `end` refuses bytes left over (encoding.md, first paragraph)."""

    __slots__ = ("data", "position")

    def __init__(self, data: bytes):
        self.data, self.position = data, 0

    def take(self, size: int) -> bytes:
        start = self.position
        piece = self.data[start:start + size]
        if len(piece) != size:
            raise NotCanonical("truncated", f"the input ends early, at byte {len(self.data)}")
        self.position = start + size
        return piece

    def unsigned(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def count(self, size: int, low: int, high: int, what: str, code: str = "countOutOfRange") -> int:
        value = self.unsigned(size)
        if not low <= value <= high:
            raise NotCanonical(code, f"{value} {what}, not {low} to {high}")
        return value

    def end(self) -> None:
        require(self.position == len(self.data), "trailingBytes", "bytes are left over after the value")


def require(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise NotCanonical(code, message)


def strictly_ascending(items: list) -> bool:
    return all(a < b for a, b in zip(items, items[1:]))


# ---------------------------------------------------------------- sections 2 and 3: hashes and trees


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


@lru_cache
def tag_prefix(tag: str) -> bytes:
    return sha256(tag.encode("ascii")) * 2


def tagged(tag: str, message: bytes) -> bytes:
    """The tagged hash of BIP 340."""
    return sha256(tag_prefix(tag) + message)


def leaf_hash(leaf: bytes) -> bytes:
    return sha256(b"\x00" + leaf)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


class Tree:
    """The Merkle tree of RFC 6962 section 2.1, as levels of hashes.

    Splitting at the largest power of two below n makes the same tree as pairing neighbours level by level, the last
    one of an odd level moving up as it is. In this form a changed leaf costs one path, and many share theirs.
    """

    def __init__(self, leaves=()):
        self.levels: list[list[bytes]] = [[]]
        self.update(dict(enumerate(leaves)))

    def __len__(self) -> int:
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        self.update({len(self): leaf})

    def update(self, leaves: dict[int, bytes]) -> None:
        """Replaces leaves, and appends those that follow the last one."""
        for index in sorted(leaves):
            self.levels[0][index:index + 1] = [leaf_hash(leaves[index])]
        depth, changed = 0, set(leaves)
        while changed and len(self.levels[depth]) > 1:
            level = self.levels[depth]
            if depth + 1 == len(self.levels):
                self.levels.append([])
            above, depth, changed = self.levels[depth + 1], depth + 1, {index >> 1 for index in changed}
            for index in sorted(changed):
                pair = level[2 * index:2 * index + 2]
                above[index:index + 1] = [node_hash(*pair) if len(pair) == 2 else pair[0]]

    def root(self) -> bytes:
        return self.levels[-1][0] if len(self) else sha256(b"")


def root_from_path(value: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that an inclusion proof of a leaf's hash leads to, or nothing when its length is wrong (section 3)."""
    if not 0 <= index < size:
        return None
    last, rest = size - 1, iter(path)
    while last:
        if index & 1 or index != last:  # otherwise this node has no sibling and moves up as it is
            sibling = next(rest, None)
            if sibling is None:
                return None
            value = node_hash(sibling, value) if index & 1 else node_hash(value, sibling)
        index, last = index >> 1, last >> 1
    return value if next(rest, None) is None else None


# ---------------------------------------------------------------- section 4: keys, signatures, key policies

BIP340, ECDSA = 1, 2
SCHEMES = {"bip340": BIP340, "ecdsa": ECDSA}
KEY_SIZE = {BIP340: 32, ECDSA: 33}
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141
KEPT_PARSED_KEYS = 65_536


@lru_cache(maxsize=KEPT_PARSED_KEYS)
def parsed_key(scheme: int, public: bytes):
    """The key as the library takes it; nothing where it is not on the curve. An account's key signs again and again."""
    try:
        return (coincurve.PublicKeyXOnly if scheme == BIP340 else coincurve.PublicKey)(public)
    except ValueError:
        return None


def valid_signature(scheme: int, public: bytes, digest: bytes, signature: bytes) -> bool:
    """Whether 64 bytes are a key's signature of a 32-byte hash as it is; of no key that is not on the curve."""
    key = parsed_key(scheme, public)
    try:
        if key is None:
            return False
        return key.verify(signature, digest) if scheme == BIP340 else key.verify(der(signature), digest, hasher=None)
    except ValueError:
        return False


def der(signature: bytes) -> bytes:
    """The form that the library verifies. It refuses s above half the group order and numbers out of range."""
    def integer(number: bytes) -> bytes:
        content = number.lstrip(b"\x00") or b"\x00"
        content = b"\x00" + content if content[0] & 0x80 else content
        return bytes([2, len(content)]) + content
    content = integer(signature[:32]) + integer(signature[32:])
    return bytes([0x30, len(content)]) + content


def read_scheme(reader: Reader) -> int:
    return reader.count(1, 1, 2, "as a signature scheme", "unknownScheme")


def read_signature(reader: Reader, scheme: int) -> bytes:
    """`bytes64`; a high-S `ecdsa` signature does not decode."""
    signature = reader.take(64)
    if scheme == ECDSA:
        require(int.from_bytes(signature[32:], "big") <= GROUP_ORDER // 2, "highS", "a high-S signature")
    return signature


@dataclass(frozen=True)
class Key:
    scheme: int
    public: bytes
    weight: int


@dataclass(frozen=True)
class Policy:
    """A weighted threshold over 1 to 16 keys."""

    threshold: int
    keys: tuple[Key, ...]

    def encode(self) -> bytes:
        return unsigned(self.threshold, 2) + listed(
            1, [unsigned(k.scheme, 1) + k.public + unsigned(k.weight, 1) for k in self.keys])

    @staticmethod
    def read(reader: Reader) -> "Policy":
        threshold, keys = reader.unsigned(2), []
        for _ in range(reader.count(1, 1, 16, "keys in a policy")):
            scheme = read_scheme(reader)
            public = reader.take(KEY_SIZE[scheme])
            require(scheme == BIP340 or public[0] in (2, 3), "malformedKey", "a compressed key starts with 2 or 3")
            keys.append(Key(scheme, public, reader.unsigned(1)))
        for position, key in enumerate(keys):
            before = keys[position - 1] if position else Key(0, b"", 0)
            require(key.weight >= 1, "weightOutOfRange", "a key's weight is zero")
            require((before.scheme, before.public) < (key.scheme, key.public), "unsortedKeys",
                    "the keys of a policy are not ascending")
        require(1 <= threshold <= sum(k.weight for k in keys), "thresholdOutOfRange",
                "the threshold is zero or above the sum of the weights")
        return Policy(threshold, tuple(keys))


NO_KEYS = Policy(0, ())  # a liability account's (state-tree.md 2)

# ---------------------------------------------------------------- section 5: addresses

BECH32_ALPHABET = "qpzry9x8gf2tvdw0s3jn54khce6mua7l"
BECH32M = 0x2BC830A3


def bech32_checksum(prefix: str, values: list[int]) -> int:
    check = 1
    for value in [ord(c) >> 5 for c in prefix] + [0] + [ord(c) & 31 for c in prefix] + values:
        top, check = check >> 25, (check & 0x1FFFFFF) << 5 ^ value
        for bit, generator in enumerate((0x3B6A57B2, 0x26508E6D, 0x1EA119FA, 0x3D4233DD, 0x2A1462B3)):
            check ^= generator if top >> bit & 1 else 0
    return check


def bech32m_text(prefix: str, values: list[int]) -> str:
    """BIP 350: prefix, `1`, the values of 5 bits and six more as checksum."""
    check = bech32_checksum(prefix, values + [0] * 6) ^ BECH32M
    return prefix + "1" + "".join(BECH32_ALPHABET[v] for v in values + [check >> 5 * i & 31 for i in reversed(range(6))])


def address(prefix: str, account: bytes) -> str:
    """The address of an account id: 256 bits and 4 zero bits in 52 values of 5."""
    number = int.from_bytes(account, "big") << 4
    return bech32m_text(prefix, [number >> 5 * i & 31 for i in reversed(range(52))])
