"""Encrypted key files: docs/spec/keyfile.md."""

import re
from dataclasses import dataclass

import nacl.bindings
import nacl.exceptions
import nacl.pwhash
import nacl.signing

from coffer_keys import public_key
from pyverify.encoding import (
    BIP340, ECDSA, GROUP_ORDER, DoesNotHold, NotCanonical, Reader, Unreadable, require, unsigned,
)

FIRST_LINE = b"coffer key file v1\n"
MAXIMUM_FILE_BYTES = 1024
VALIDATOR, WITNESS = 3, 4
SECRET_BYTES = {BIP340: 32, ECDSA: 32, VALIDATOR: 64, WITNESS: 32}
PUBLIC_BYTES = {BIP340: 32, ECDSA: 33, VALIDATOR: 64, WITNESS: 32}
KIND_NAMES = {BIP340: "bip340", ECDSA: "ecdsa", VALIDATOR: "validator", WITNESS: "witness"}
FIELDS_BEFORE_PUBLIC_KEY_BYTES = 1 + 1 + 4 + 4 + 16 + 24
TAG_BYTES = 16
GIBIBYTE, MEBIBYTE = 1 << 20, 1 << 10  # in KiB


@dataclass(frozen=True)
class KeyFile:
    """The fields of the body (keyfile.md, Layout)."""

    kind: int
    development: bool
    operations: int
    memory: int  # KiB
    salt: bytes
    nonce: bytes
    public: bytes
    sealed: bytes

    def head(self) -> bytes:
        """Every byte before field 9, the associated data of the seal (keyfile.md, Sealing 2)."""
        return b"".join([
            FIRST_LINE, unsigned(self.kind, 1), unsigned(self.development, 1), unsigned(self.operations, 4),
            unsigned(self.memory, 4), self.salt, self.nonce, self.public])

    def encode(self) -> bytes:
        digits = (self.head()[len(FIRST_LINE):] + self.sealed).hex()
        lines = [digits[start:start + 64] + "\n" for start in range(0, len(digits), 64)]
        return FIRST_LINE + "".join(lines).encode("ascii")

    def sealing_key(self, passphrase: bytes) -> bytes:
        """Argon2id of the passphrase (keyfile.md, Sealing 1)."""
        if not 1 <= len(passphrase) <= 1024:
            raise Unreadable("passphraseLength", "a passphrase has 1 to 1,024 bytes")
        return nacl.pwhash.argon2id.kdf(32, passphrase, self.salt, self.operations, self.memory * 1024)


def public_of(kind: int, secret: bytes) -> bytes:
    """Field 8 as the secret gives it (keyfile.md, Layout)."""
    if kind == WITNESS:
        return bytes(nacl.signing.SigningKey(secret).verify_key)
    if kind != VALIDATOR:
        return public_key(kind, secret)
    return public_key(BIP340, secret[:32]) + bytes(nacl.signing.SigningKey(secret[32:]).verify_key)


def decode_key_file(data: bytes) -> KeyFile:
    """The checks of keyfile.md, Opening, in their order, that need no passphrase. The codes are those of the vectors."""
    require(len(data) <= MAXIMUM_FILE_BYTES, "file", f"a key file of more than {MAXIMUM_FILE_BYTES} bytes")
    first, newline, body = data.partition(b"\n")
    require(re.fullmatch(b"coffer key file v[0-9]+", first) is not None and newline != b"", "notAKeyFile",
            "this is not a key file")
    require(first + newline == FIRST_LINE, "unknownVersion", "the key file has another version than 1")
    digits = body.replace(b"\n", b"")
    require(re.fullmatch(b"([0-9a-f]{2})*", digits) is not None, "malformedText",
            "the body is not lower-case hexadecimal")
    reader = Reader(bytes.fromhex(digits.decode("ascii")))
    require(len(reader.data) >= 1 + 1 + 4 + 4, "wrongLength", "the body ends before the salt")
    kind, flags, operations, memory = (reader.unsigned(size) for size in (1, 1, 4, 4))
    require(kind in KIND_NAMES, "unknownKind", f"there is no key file of kind {kind}")
    require(flags <= 1, "unknownFlags", "an unknown flag")
    length = FIELDS_BEFORE_PUBLIC_KEY_BYTES + PUBLIC_BYTES[kind] + SECRET_BYTES[kind] + TAG_BYTES
    require(len(reader.data) == length, "wrongLength", f"the body has {len(reader.data)} bytes, not {length}")
    floor_operations, floor_memory = (1, 8 * MEBIBYTE) if flags else (3, 64 * MEBIBYTE)
    cost = f"{operations} passes of Argon2id over {memory} KiB"
    require(floor_operations <= operations and floor_memory <= memory, "costTooLow", cost)
    require(operations <= 16 and memory <= GIBIBYTE, "costTooHigh", cost)
    file = KeyFile(kind, flags == 1, operations, memory, reader.take(16), reader.take(24),
                   reader.take(PUBLIC_BYTES[kind]), reader.take(SECRET_BYTES[kind] + TAG_BYTES))
    require(kind != ECDSA or file.public[0] in (2, 3), "publicKey", "a compressed key starts with 2 or 3")
    require(file.encode() == data, "malformedText", "the lines do not have 64 digits each")
    return file


def open_key_file(data: bytes, passphrase: bytes) -> tuple[KeyFile, bytes]:
    """The key file and its secret (keyfile.md, Opening)."""
    try:
        file = decode_key_file(data)
    except NotCanonical as error:
        raise Unreadable(error.code, f"the key file does not decode: {error}") from error
    try:
        secret = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_decrypt(
            file.sealed, file.head(), file.nonce, file.sealing_key(passphrase))
    except nacl.exceptions.CryptoError:
        raise DoesNotHold("wrongPassphrase", "the passphrase is wrong, or the key file was changed") from None
    if file.kind != WITNESS and not 0 < int.from_bytes(secret[:32], "big") < GROUP_ORDER:
        raise DoesNotHold("secretKey", "the secret is not a number above zero and below the group order")
    if public_of(file.kind, secret) != file.public:
        raise DoesNotHold("publicKeyMismatch", "the public key in the file is not that of the secret")
    return file, secret


def seal_key_file(unsealed: KeyFile, secret: bytes, passphrase: bytes) -> KeyFile:
    """The file with the secret sealed in it (keyfile.md, Sealing); `self-check` compares it with the page's example."""
    fields = vars(unsealed) | {"public": public_of(unsealed.kind, secret)}
    file = KeyFile(**fields)
    sealed = nacl.bindings.crypto_aead_xchacha20poly1305_ietf_encrypt(
        secret, file.head(), file.nonce, file.sealing_key(passphrase))
    return KeyFile(**fields | {"sealed": sealed})
