"""docs/spec/chainspec.md: chain specifications, and key policies as JSON."""

from dataclasses import dataclass
from functools import cached_property

from .encoding import (
    BIP340, KEY_SIZE, SCHEMES, Key, NotCanonical, Policy, Reader, Unreadable, address, listed, parsed_key,
    strictly_ascending, string, tagged, unsigned,
)
from .strict_json import (
    MAXIMUM_INTEGER, amount_of, fields, json_boolean, json_choice, json_hex, json_integer, json_list, json_string,
    refuse_unless, strict_json, time_of,
)

INSTITUTION_KINDS = {"authority": 1, "bank": 2, "operator": 3, "auditor": 4}
AUTHORITY, BANK, OPERATOR = 1, 2, 3
NAME = "[a-z0-9-]{1,32}"


@dataclass(frozen=True)
class Institution:
    name: str
    kind: int
    policy: Policy


@dataclass(frozen=True)
class Asset:
    code: str
    decimals: int
    authority: int
    quotas: dict[int, int]  # by bank, in the order of the institutions


@dataclass(frozen=True)
class Validator:
    name: str
    institution: int
    block_key: bytes
    checkpoint_key: bytes


@dataclass(frozen=True)
class Chainspec:
    development: bool
    name: str
    prefix: str
    genesis_time: int
    institutions: tuple[Institution, ...]
    assets: tuple[Asset, ...]
    validators: tuple[Validator, ...]
    quorum: int
    rules: tuple[tuple[int, int], ...]

    def encode(self) -> bytes:
        """The canonical bytes (chainspec.md 2)."""
        return b"".join([
            unsigned(1, 1), unsigned(self.development, 1), string(self.name), string(self.prefix),
            unsigned(self.genesis_time, 8),
            listed(2, [unsigned(i.kind, 1) + string(i.name) + i.policy.encode() for i in self.institutions]),
            listed(2, [string(a.code) + unsigned(a.decimals, 1) + unsigned(a.authority, 2) + listed(
                2, [unsigned(bank, 2) + unsigned(quota, 8) for bank, quota in a.quotas.items()])
                for a in self.assets]),
            listed(2, [string(v.name) + unsigned(v.institution, 2) + v.block_key + v.checkpoint_key
                       for v in self.validators]),
            unsigned(self.quorum, 2),
            listed(1, [unsigned(height, 8) + unsigned(version, 2) for height, version in self.rules])])

    @cached_property
    def network(self) -> bytes:
        """The network id (chainspec.md 2)."""
        return tagged("coffer/network/v1", self.encode())

    def rules_at(self, height: int) -> int:
        return [version for start, version in self.rules if start <= height][-1]

    def institution_account(self, institution: int) -> bytes:
        return tagged("coffer/institution/v1", self.network + unsigned(institution, 2))

    def liability_account(self, asset: int, bank: int) -> bytes:
        return tagged("coffer/liability/v1", self.network + unsigned(asset, 2) + unsigned(bank, 2))

    def opened_account(self, kind: int, sponsor: bytes, salt: bytes, policy: Policy) -> bytes:
        return tagged("coffer/account/v1",
                      self.network + unsigned(kind, 1) + sponsor + salt + policy.encode())

    def possession_hash(self, account: bytes, policy: Policy) -> bytes:
        return tagged("coffer/possession/v1", self.network + account + policy.encode())

    def address(self, account: bytes) -> str:
        return address(self.prefix, account)


def policy_from_json(item) -> Policy:
    item = fields(item, "threshold keys")
    keys = []
    for key in json_list(item["keys"], 1, 16, "the keys of a policy"):
        key = fields(key, "scheme key weight")
        scheme = json_choice(key["scheme"], SCHEMES, "the scheme")
        public = json_hex(key["key"], KEY_SIZE[scheme], "a public key")
        keys.append(Key(scheme, public, json_integer(key["weight"], 1, 255, "a weight")))
    policy = Policy(json_integer(item["threshold"], 1, 0xFFFF, "a threshold"), tuple(keys))
    try:
        return Policy.read(Reader(policy.encode()))
    except NotCanonical as error:
        raise Unreadable("fieldValue", f"a key policy: {error}") from None


def chainspec_from_json(text: bytes) -> Chainspec:
    """A chain specification from its JSON form (chainspec.md 1)."""
    def refuse_if(condition: bool, message: str) -> None:
        refuse_unless(not condition, "fieldValue", message)

    def unique(items: list, what: str) -> None:
        refuse_if(len(set(items)) != len(items), f"{what} appears twice in the chainspec")

    item = fields(strict_json(text), "format development name addressPrefix genesisTime institutions assets validators "
                                     "quorum rules")
    json_choice(item["format"], {"coffer-chainspec/v1": 1}, "the format")

    institutions = []
    for entry in json_list(item["institutions"], 1, 64, "institutions"):
        entry = fields(entry, "name kind policy")
        institutions.append(Institution(json_string(entry["name"], NAME, "an institution's name"),
                                        json_choice(entry["kind"], INSTITUTION_KINDS, "the institution's kind"),
                                        policy_from_json(entry["policy"])))
    unique([i.name for i in institutions], "an institution's name")
    refuse_if(any(parsed_key(k.scheme, k.public) is None for i in institutions for k in i.policy.keys),
              "a key of an institution is not on its curve")

    def institution(name, *kinds: int) -> int:
        position = json_choice(name, {i.name: n for n, i in enumerate(institutions)}, "the institution")
        refuse_if(bool(kinds) and institutions[position].kind not in kinds,
                  f"{name!r} is not an institution of the kind needed here")
        return position

    assets = []
    for entry in json_list(item["assets"], 1, 64, "assets"):
        entry = fields(entry, "code decimals authority issuers")
        decimals, quotas = json_integer(entry["decimals"], 0, 8, "decimals"), []
        for issuer in json_list(entry["issuers"], 1, 64, "issuers"):
            issuer = fields(issuer, "bank quota")
            quotas.append((institution(issuer["bank"], BANK), amount_of(issuer["quota"], decimals)))
        refuse_if(not strictly_ascending([bank for bank, _ in quotas]),
                  "the issuers of an asset are not in the order of the institutions")
        assets.append(Asset(json_string(entry["code"], "[A-Z0-9]{3,12}", "an asset's code"), decimals,
                            institution(entry["authority"], AUTHORITY), dict(quotas)))
    unique([a.code for a in assets], "an asset's code")

    validators = []
    for entry in json_list(item["validators"], 1, 64, "validators"):
        entry = fields(entry, "name institution blockKey checkpointKey")
        validators.append(Validator(json_string(entry["name"], NAME, "a validator's name"),
                                    institution(entry["institution"]), json_hex(entry["blockKey"], 32, "blockKey"),
                                    json_hex(entry["checkpointKey"], 32, "checkpointKey")))
    unique([v.name for v in validators], "a validator's name")
    unique([v.block_key for v in validators], "a validator's block key")
    unique([v.checkpoint_key for v in validators], "a validator's checkpoint key")
    refuse_if(any(parsed_key(BIP340, v.block_key) is None for v in validators), "a block key is not on its curve")

    rules = []
    for entry in json_list(item["rules"], 1, 255, "rules"):
        entry = fields(entry, "fromHeight version")
        rules.append((json_integer(entry["fromHeight"], 0, MAXIMUM_INTEGER, "fromHeight"),
                      json_integer(entry["version"], 1, 1, "the rules version")))
    refuse_if(rules[0][0] != 0 or not strictly_ascending([height for height, _ in rules]),
              "the rules are not ascending from height 0")

    return Chainspec(json_boolean(item["development"], "development"), json_string(item["name"], NAME, "the name"),
                     json_string(item["addressPrefix"], "[a-z]{1,16}", "addressPrefix"), time_of(item["genesisTime"]),
                     tuple(institutions), tuple(assets), tuple(validators),
                     json_integer(item["quorum"], 1, len(validators), "quorum"), tuple(rules))
