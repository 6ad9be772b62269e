"""Makes transactions, blocks and checkpoints of a network whose keys everyone can compute from their names.

Nothing here is random and nothing asks a clock: what is made comes out the same every time.
"""

from coffer_keys import prove_possession, public_key, sign
from coffer_transaction import NO_MEMO, make_transaction, signed
from coffer_writing import checkpoint_text, next_header, recording_chain
from pyverify.block import CertifiedBlock
from pyverify.chainspec import Chainspec
from pyverify.encoding import BIP340, Key, Policy, unsigned
from pyverify.transaction import (
    ISSUE, OPEN_ACCOUNTS, REDEEM, ROTATE_KEYS, SET_STATUS, TRANSFER, Opening, Operation, Transaction,
)


class Scene:
    """A chain in the making. `secret` gives a key's secret by its name; `validators` are the names of the pairs of keys,
    block key and checkpoint key, in the order of the chain specification."""

    def __init__(self, spec: Chainspec, secret, validators: list[tuple[str, str]]):
        self.spec, self.secret, self.validators = spec, secret, validators
        self.chain, self.blocks, self.time, self.nonce = recording_chain(spec), [], spec.genesis_time, 0
        self.accounts = {i.name: spec.institution_account(n) for n, i in enumerate(spec.institutions)}
        # The keys that sign for an account, (scheme, name), in the order of its policy. An institution has one of its name.
        self.keys = {i.name: [(i.policy.keys[0].scheme, i.name)] for i in spec.institutions}

    def policy(self, threshold: int, *keys: tuple[int, str, int]) -> tuple[Policy, list[tuple[int, str]]]:
        """A policy of named keys (scheme, name, weight), and the keys in its order."""
        ordered = sorted((scheme, public_key(scheme, self.secret(name)), name, weight) for scheme, name, weight in keys)
        return (Policy(threshold, tuple(Key(scheme, public, weight) for scheme, public, _, weight in ordered)),
                [(scheme, name) for scheme, _, name, _ in ordered])

    # ------------------------------------------------------------ operations

    def possession(self, account: bytes, policy: Policy, keys) -> tuple[bytes, ...]:
        return prove_possession(self.spec, account, policy, [(scheme, self.secret(name)) for scheme, name in keys])

    def opening(self, sponsor: str, kind: int, tier: int, salt: bytes, policy: Policy, keys) -> tuple[bytes, Opening]:
        """The id of an account and the opening that makes it."""
        account = self.spec.opened_account(kind, self.accounts[sponsor], salt, policy)
        return account, Opening(kind, tier, salt, policy, self.possession(account, policy, keys))

    def open(self, sponsor: str, *accounts: tuple[str, int, int, bytes, tuple]) -> Operation:
        """Opens accounts (name, kind, tier, salt, policy and keys), which from now on have these names."""
        openings = []
        for name, kind, tier, salt, (policy, keys) in accounts:
            self.accounts[name], opening = self.opening(sponsor, kind, tier, salt, policy, keys)
            self.keys[name] = keys
            openings.append(opening)
        return Operation(OPEN_ACCOUNTS, (self.accounts[sponsor],), openings=tuple(openings))

    def rotate(self, name: str, policy: Policy, keys) -> Operation:
        return Operation(ROTATE_KEYS, (self.accounts[name],), policy=policy,
                         possession=self.possession(self.accounts[name], policy, keys))

    def pay(self, *legs: tuple[str, str, int, int]) -> Operation:
        return Operation(TRANSFER, legs=tuple(
            (self.accounts[a], self.accounts[b], asset, amount) for a, b, asset, amount in legs))

    def issue(self, bank: str, to: str, asset: int, amount: int) -> Operation:
        return Operation(ISSUE, (self.accounts[bank], self.accounts[to]), asset=asset, amount=amount)

    def redeem(self, bank: str, source: str, asset: int, amount: int) -> Operation:
        return Operation(REDEEM, (self.accounts[bank], self.accounts[source]), asset=asset, amount=amount)

    def status(self, name: str, status: int) -> Operation:
        return Operation(SET_STATUS, (self.accounts[name],), status=status)

    # ------------------------------------------------------------ transactions and blocks

    def transaction(self, *operations: Operation, by: str, expiry: int | None = None,
                    memo: bytes = NO_MEMO) -> Transaction:
        """`by` names the signers: `bank` for the first key, `family:0,2` for chosen keys."""
        signers = []
        for item in by.split():
            name, _, chosen = item.partition(":")
            for position in map(int, (chosen or "0").split(",")):
                scheme, key = self.keys[name][position]
                signers.append((self.accounts[name], position, scheme, self.secret(key)))
        self.nonce += 1
        return signed(make_transaction(
            self.spec.network, self.time + 60_000 if expiry is None else expiry, unsigned(self.nonce, 16),
            list(operations), [s[0] for s in signers], memo), *signers)

    def block(self, *transactions: Transaction, attesters=(0,), proposer: int = 0, after: int = 1000) -> CertifiedBlock:
        """The next block, so many milliseconds after the last one."""
        self.time += after
        self.chain.execute(transactions, self.time)
        header = next_header(self.chain, transactions, self.time, proposer)
        self.chain.advance(header)
        self.blocks.append(CertifiedBlock(header, transactions, self.attestations(header, attesters)))
        return self.blocks[-1]

    def attestations(self, header, attesters) -> tuple[tuple[int, bytes], ...]:
        return tuple((v, sign(BIP340, self.secret(self.validators[v][0]), header.attested_hash())) for v in attesters)

    def checkpoint(self, *signers: int) -> bytes:
        """The checkpoint after the latest block."""
        return checkpoint_text(self.spec, len(self.chain.history), self.chain.history.root(),
                               [self.secret(self.validators[v][1]) for v in signers])
