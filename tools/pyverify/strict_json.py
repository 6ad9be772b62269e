"""docs/spec/encoding.md, section 6: strict JSON, and in it hexadecimal, amounts and times.

Every refusal has the code that errors.md section 3 gives it.
"""

import datetime
import json
import re

from .encoding import Unreadable

MAXIMUM_DEPTH = 16
MAXIMUM_PATH_HASHES = 64
MAXIMUM_INTEGER = (1 << 64) - 1
FIRST_MILLISECOND_WITHOUT_TEXT = 253_402_300_800_000  # the year 10,000


def refuse_unless(condition: bool, code: str, message: str) -> None:
    if not condition:
        raise Unreadable(code, message)


def strict_json(text: bytes):
    """RFC 8259 with the restrictions of the section."""
    def no_duplicates(pairs):
        refuse_unless(len({key for key, _ in pairs}) == len(pairs), "jsonDuplicateKey", "the JSON has a duplicate key")
        return dict(pairs)

    def refused_number(number):
        raise Unreadable("fieldValue", f"the JSON has the number {number[:30]}: only integers from 0 to 2^64 - 1 are "
                                       "read, without sign, fraction or exponent")

    def integer(digits):
        # A long text is refused unread: turning it into a number takes quadratic time.
        fits = not digits.startswith("-") and len(digits) <= 20 and int(digits) <= MAXIMUM_INTEGER
        return int(digits) if fits else refused_number(digits)

    def constant(name):
        raise Unreadable("jsonSyntax", f"{name} is not JSON")

    def depth(item) -> int:
        inner = item.values() if isinstance(item, dict) else item if isinstance(item, list) else None
        return 0 if inner is None else 1 + max(map(depth, inner), default=0)

    try:
        value = json.loads(text.decode("utf-8"), object_pairs_hook=no_duplicates, parse_float=refused_number,
                           parse_int=integer, parse_constant=constant)
        json.dumps(value, ensure_ascii=False).encode("utf-8")  # refuses half of a surrogate pair
        levels = depth(value)
    except ValueError as error:
        raise Unreadable("jsonSyntax", f"this is not JSON: {error}") from None
    except RecursionError:
        raise Unreadable("jsonDepth", "the JSON is nested too deeply") from None
    refuse_unless(levels <= MAXIMUM_DEPTH, "jsonDepth", f"the JSON is {levels} levels deep, {MAXIMUM_DEPTH} are read")
    return value


class Fields:
    """An object, whose fields are asked for in the order of its page; `end` refuses those that were not asked for."""

    def __init__(self, item):
        refuse_unless(isinstance(item, dict), "fieldType", "expected an object")
        self.item, self.known = item, set()

    def __getitem__(self, name: str):
        self.known.add(name)
        refuse_unless(name in self.item, "fieldMissing", f"the field {name} is missing")
        return self.item[name]

    def optional(self, name: str):
        """The field, or `None` where it is left out; nothing else may stand for that."""
        if name not in self.item:
            return None
        refuse_unless(self[name] is not None, "fieldType", f"{name} is null: a field without a value is left out")
        return self[name]

    def end(self) -> None:
        unknown = set(self.item) - self.known
        refuse_unless(not unknown, "fieldUnknown", f"the fields {sorted(unknown)[:5]} are unknown")


def fields(item, required: str, optional: str = "") -> dict:
    """An object with exactly these fields, the optional ones as `None` where they are left out."""
    reader = Fields(item)
    result = {name: reader[name] for name in required.split()} | {name: reader.optional(name) for name in optional.split()}
    reader.end()
    return result


def json_list(item, low: int, high: int, what: str) -> list:
    refuse_unless(isinstance(item, list), "fieldType", f"{what} must be a list")
    refuse_unless(low <= len(item) <= high, "fieldValue", f"{what} must be {low} to {high}, not {len(item)}")
    return item


def json_integer(item, low: int, high: int, what: str) -> int:
    refuse_unless(isinstance(item, int) and not isinstance(item, bool), "fieldType", f"{what} must be an integer")
    refuse_unless(low <= item <= high, "fieldValue", f"{what} must be {low} to {high}, not {item}")
    return item


def json_boolean(item, what: str) -> bool:
    refuse_unless(isinstance(item, bool), "fieldType", f"{what} must be true or false")
    return item


def json_string(item, pattern: str, what: str) -> str:
    refuse_unless(isinstance(item, str), "fieldType", f"{what} must be a string")
    refuse_unless(re.fullmatch(pattern, item) is not None, "fieldValue",
                  f"{what} {item[:80]!r} is not of the form {pattern}")
    return item


def json_hex(item, size: int | None = None, what: str = "a field") -> bytes:
    digits = json_string(item, "([0-9a-f]{2})*", what)
    refuse_unless(size is None or len(digits) == 2 * size, "fieldValue", f"{what} must have {size} bytes")
    return bytes.fromhex(digits)


def hash_path(item) -> list[bytes]:
    """A proof's hashes."""
    return [json_hex(entry, 32, "a hash of the path") for entry in json_list(item, 0, MAXIMUM_PATH_HASHES, "the path")]


def json_choice(item, table: dict, what: str) -> int:
    refuse_unless(isinstance(item, str), "fieldType", f"{what} must be a string")
    refuse_unless(item in table, "fieldValue", f"{what} {item[:80]!r} is none of {list(table)}")
    return table[item]


def amount_of(item, decimals: int) -> int:
    """Minor units of a decimal string with at most `decimals` decimals."""
    text = json_string(item, r"(0|[1-9][0-9]{0,19})(\.[0-9]+)?", "an amount")
    whole, _, fraction = text.partition(".")
    refuse_unless(len(fraction) <= decimals, "fieldValue", f"the amount {text[:40]} has more than {decimals} decimals")
    value = int(whole + fraction.ljust(decimals, "0"))
    refuse_unless(value < 1 << 64, "fieldValue", f"the amount {text} does not fit in 64 bits of minor units")
    return value


def amount_text(value: int, decimals: int) -> str:
    digits = str(value).rjust(decimals + 1, "0")
    return digits if decimals == 0 else digits[:-decimals] + "." + digits[-decimals:]


EPOCH = datetime.datetime(1970, 1, 1)
MILLISECOND = datetime.timedelta(milliseconds=1)


def time_of(item) -> int:
    """Milliseconds since 1970 of an RFC 3339 time in UTC, with no fraction or one to three digits."""
    pattern = r"([0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2})(?:\.([0-9]{1,3}))?Z"
    match = re.fullmatch(pattern, json_string(item, pattern, "a time"))
    try:
        moment = datetime.datetime.strptime(match[1], "%Y-%m-%dT%H:%M:%S")
    except ValueError:
        raise Unreadable("fieldValue", f"{item} is not a time") from None
    milliseconds = (moment - EPOCH) // MILLISECOND + int((match[2] or "").ljust(3, "0"))
    refuse_unless(milliseconds >= 0, "fieldValue", f"{item} is before 1970")
    return milliseconds


def shown_time(milliseconds: int) -> str:
    """A time with its three decimals; a header or transaction may have one that has no such form."""
    if milliseconds >= FIRST_MILLISECOND_WITHOUT_TEXT:
        return f"{milliseconds} ms"
    moment = EPOCH + (milliseconds - milliseconds % 1000) * MILLISECOND
    return f"{moment.isoformat()}.{milliseconds % 1000:03}Z"
