"""What docs/spec/encoding.md defines in sections 1 to 5: integers, hashes, trees, keys and signatures, addresses.

Every function of this program names the page and section of docs/spec that it follows.
"""

import hashlib
from dataclasses import dataclass

import coincurve
import nacl.bindings
import nacl.exceptions


class Failure(Exception):
    """Why an input is refused. `code` is the stable one of errors.md, which the vectors name."""

    def __init__(self, code: str, message: str):
        super().__init__(message)
        self.code = code


class Unreadable(Failure):
    """The input is not what it should be a file of, or the program was used wrongly: exit code 2."""


class NotCanonical(Failure):
    """Bytes that do not decode."""


class DoesNotHold(Failure):
    """What was claimed is not true: exit code 1."""


# ---------------------------------------------------------------- encoding.md section 1: primitives


def unsigned(value: int, size: int) -> bytes:
    """`u8` to `u128`: an unsigned integer of `size` bytes, most significant first (encoding.md 1)."""
    return value.to_bytes(size, "big")


def string(text: str) -> bytes:
    return unsigned(len(text), 1) + text.encode("ascii")


def listed(count_size: int, items: list[bytes]) -> bytes:
    """`list8` and `list16`: a count, then the items (encoding.md 1)."""
    return unsigned(len(items), count_size) + b"".join(items)


class Reader:
    """Takes values off the front of some bytes; `end` refuses bytes left over (encoding.md, first paragraph)."""

    def __init__(self, data: bytes):
        self.data, self.position = data, 0

    def take(self, size: int) -> bytes:
        piece = self.data[self.position:self.position + size]
        if len(piece) != size:
            raise NotCanonical("truncated", f"the input ends early, at byte {len(self.data)}")
        self.position += size
        return piece

    def unsigned(self, size: int) -> int:
        return int.from_bytes(self.take(size), "big")

    def count(self, size: int, low: int, high: int, what: str, code: str = "countOutOfRange") -> int:
        value = self.unsigned(size)
        require(low <= value <= high, code, f"{value} {what}, not {low} to {high}")
        return value

    def end(self) -> None:
        require(self.position == len(self.data), "trailingBytes",
                f"{len(self.data) - self.position} bytes left over")


def require(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise NotCanonical(code, message)


def strictly_ascending(items: list) -> bool:
    return all(a < b for a, b in zip(items, items[1:]))


# ---------------------------------------------------------------- encoding.md sections 2 and 3: hashes and trees


def sha256(message: bytes) -> bytes:
    return hashlib.sha256(message).digest()


def tagged(tag: str, message: bytes) -> bytes:
    """The tagged hash of BIP 340 (encoding.md 2)."""
    prefix = sha256(tag.encode("ascii"))
    return sha256(prefix + prefix + message)


def node_hash(left: bytes, right: bytes) -> bytes:
    return sha256(b"\x01" + left + right)


class Tree:
    """The Merkle tree of RFC 6962 section 2.1 (encoding.md 3), as levels of hashes.

    Splitting at the largest power of two below n makes the same tree as pairing neighbours level by level, the last
    one of an odd level moving up as it is; `self-check` compares the two. In this form one leaf costs one path.
    """

    def __init__(self, leaves=()):
        self.levels: list[list[bytes]] = [[]]
        for leaf in leaves:
            self.append(leaf)

    def __len__(self) -> int:
        return len(self.levels[0])

    def append(self, leaf: bytes) -> None:
        self.put(len(self), leaf)

    def put(self, index: int, leaf: bytes) -> None:
        value, depth = sha256(b"\x00" + leaf), 0
        while True:
            level = self.levels[depth]
            level[index:index + 1] = [value]
            if len(level) == 1:
                return
            if index ^ 1 < len(level):
                value = node_hash(level[index & ~1], level[index | 1])
            if depth + 1 == len(self.levels):
                # The tree just grew over a power of two: the new top starts with the old top's node.
                self.levels.append([value])
            index, depth = index >> 1, depth + 1

    def root(self) -> bytes:
        return self.levels[-1][0] if len(self) else sha256(b"")

    def path(self, index: int) -> list[bytes]:
        """The inclusion proof of a leaf, from its sibling upwards (RFC 6962 section 2.1.1)."""
        hashes = []
        for level in self.levels[:-1]:
            if index ^ 1 < len(level):
                hashes.append(level[index ^ 1])
            index >>= 1
        return hashes


def root_from_path(leaf: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    """The root that an inclusion proof leads to, or nothing when its length is wrong (encoding.md 3)."""
    return root_from_leaf_hash(sha256(b"\x00" + leaf), index, size, path)


def root_from_leaf_hash(value: bytes, index: int, size: int, path: list[bytes]) -> bytes | None:
    if not 0 <= index < size:
        return None
    last, rest = size - 1, list(path)
    while last:
        if index & 1 or index != last:  # otherwise this node has no sibling and moves up as it is
            if not rest:
                return None
            sibling = rest.pop(0)
            value = node_hash(sibling, value) if index & 1 else node_hash(value, sibling)
        index, last = index >> 1, last >> 1
    return None if rest else value


# ---------------------------------------------------------------- encoding.md section 4: keys, signatures, key policies

BIP340, ECDSA = 1, 2
SCHEMES = {"bip340": BIP340, "ecdsa": ECDSA}
KEY_SIZE = {BIP340: 32, ECDSA: 33}
GROUP_ORDER = 0xFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFEBAAEDCE6AF48A03BBFD25E8CD0364141


def name_of(table: dict, value: int) -> str:
    return next(name for name, number in table.items() if number == value)


def on_curve(scheme: int, public: bytes) -> bool:
    try:
        (coincurve.PublicKeyXOnly if scheme == BIP340 else coincurve.PublicKey)(public)
    except ValueError:
        return False
    return True


def public_key(scheme: int, secret: bytes) -> bytes:
    if scheme == BIP340:
        return coincurve.PublicKeyXOnly.from_secret(secret).format()
    return coincurve.PublicKey.from_secret(secret).format(compressed=True)


def sign(scheme: int, secret: bytes, digest: bytes) -> bytes:
    """64 bytes over a 32-byte hash as it is (encoding.md 4). Without auxiliary randomness, so that examples repeat."""
    key = coincurve.PrivateKey(secret)
    if scheme == BIP340:
        return key.sign_schnorr(digest, aux_randomness=bytes(32))
    der = key.sign(digest, hasher=None)  # libsecp256k1 signs with low s
    r_size = der[3]
    r, s = der[4:4 + r_size], der[6 + r_size:]
    return unsigned(int.from_bytes(r, "big"), 32) + unsigned(int.from_bytes(s, "big"), 32)


def valid_signature(scheme: int, public: bytes, digest: bytes, signature: bytes) -> bool:
    try:
        if scheme == BIP340:
            return coincurve.PublicKeyXOnly(public).verify(signature, digest)
        return coincurve.PublicKey(public).verify(der_signature(signature), digest, hasher=None)
    except ValueError:
        return False


def valid_ed25519(public: bytes, message: bytes, signature: bytes) -> bool:
    """Ed25519 as libsodium checks it (checkpoint.md 1)."""
    try:
        return len(signature) == 64 and nacl.bindings.crypto_sign_open(signature + message, public) == message
    except nacl.exceptions.BadSignatureError:
        return False


def der_signature(signature: bytes) -> bytes:
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
    """`bytes64`; a high-S `ecdsa` signature does not decode (encoding.md 4)."""
    signature = reader.take(64)
    low = int.from_bytes(signature[32:], "big") <= GROUP_ORDER // 2
    require(scheme != ECDSA or low, "highS", "a high-S signature")
    return signature


@dataclass(frozen=True)
class Key:
    scheme: int
    public: bytes
    weight: int


@dataclass(frozen=True)
class Policy:
    """A weighted threshold over 1 to 16 keys (encoding.md 4)."""

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
            keys.append(Key(scheme, public, reader.count(1, 1, 255, "as a key's weight", "weightOutOfRange")))
        require(strictly_ascending([(k.scheme, k.public) for k in keys]), "unsortedKeys",
                "the keys of a policy are not ascending")
        require(1 <= threshold <= sum(k.weight for k in keys), "thresholdOutOfRange",
                "the threshold is zero or above the sum of the weights")
        return Policy(threshold, tuple(keys))

    @staticmethod
    def decode(data: bytes) -> "Policy":
        reader = Reader(data)
        policy = Policy.read(reader)
        reader.end()
        return policy


NO_KEYS = Policy(0, ())  # a liability account's (state-tree.md 2)

# ---------------------------------------------------------------- encoding.md section 5: addresses

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


def bech32m_parts(text: str) -> tuple[str, list[int]]:
    """The prefix, in lower case, and the values of a bech32m string as BIP 350 defines it."""
    lower = text.lower()
    prefix, _, data = lower.rpartition("1")
    if (text not in (lower, text.upper()) or len(text) > 90 or not prefix or len(data) < 6
            or any(not "!" <= c <= "~" for c in text) or any(c not in BECH32_ALPHABET for c in data)):
        raise Unreadable("fieldValue", f"{text!r} is not bech32m")
    values = [BECH32_ALPHABET.index(c) for c in data]
    if bech32_checksum(prefix, values) != BECH32M:
        raise Unreadable("fieldValue", f"the checksum of {text!r} is wrong")
    return prefix, values[:-6]


def address(prefix: str, account: bytes) -> str:
    """The address of an account id (encoding.md 5): 256 bits and 4 zero bits in 52 values of 5."""
    number = int.from_bytes(account, "big") << 4
    return bech32m_text(prefix, [number >> 5 * i & 31 for i in reversed(range(52))])


def account_of(prefix: str, text: str) -> bytes:
    """The account id of an address, in lower case and with this network's prefix (encoding.md 5)."""
    found, values = bech32m_parts(text)
    if text != text.lower():
        raise Unreadable("fieldValue", f"the address {text} is in upper case")
    if found != prefix:
        raise Unreadable("fieldValue", f"the address {text} has the prefix {found!r}, this network's is {prefix!r}")
    number = sum(v << 5 * i for i, v in enumerate(reversed(values)))
    if len(values) != 52 or number & 15:
        raise Unreadable("fieldValue", f"the address {text} does not hold 32 bytes and four zero bits")
    return unsigned(number >> 4, 32)
