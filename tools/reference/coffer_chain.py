"""Blocks in a chain: docs/spec/rules.md section 5, block.md section 4 and chainspec.md section 3."""

from coffer_block import MAXIMUM_ATTESTATIONS, CertifiedBlock, Header, transaction_tree, valid_attestation
from coffer_chainspec import Chainspec
from coffer_encoding import DoesNotHold, Tree, strictly_ascending
from coffer_ledger import Refusal, State, apply


def genesis_header(chainspec: Chainspec) -> Header:
    """Block 0 (chainspec.md 3)."""
    state, empty = State(chainspec), Tree().root()
    return Header(1, chainspec.rules_at(0), chainspec.network, 0, chainspec.genesis_time, bytes(32), empty,
                  state.tree.root(), state.supply_root(), empty, 0, 0, len(state.accounts), 0)


def check_finality(chainspec: Chainspec, header: Header, attestations: list[tuple[int, bytes]]) -> None:
    """A quorum of attestations, ascending, every one valid; of genesis none (proofs.md 1 item 4 and 2)."""
    block = f"the block at height {header.height}"

    def refuse_if(condition: bool, code: str, message: str) -> None:
        if condition:
            raise DoesNotHold(code, message)

    if header.height == 0:
        refuse_if(header != genesis_header(chainspec), "wrongGenesis", "the header is not the chainspec's genesis header")
        refuse_if(bool(attestations), "genesisAttested", "genesis is final without attestations")
        return
    numbers = [validator for validator, _ in attestations]
    refuse_if(len(numbers) < chainspec.quorum, "tooFewAttestations",
              f"{block} has {len(numbers)} attestations, {chainspec.quorum} make it final")
    refuse_if(not strictly_ascending(numbers), "unsortedAttestations", f"the attestations of {block} are not ascending")
    for validator, signature in attestations:
        refuse_if(validator >= len(chainspec.validators), "unknownValidator", f"there is no validator {validator}")
        refuse_if(not valid_attestation(chainspec, header, validator, signature), "invalidAttestation",
                  f"the attestation of {block} by validator {validator} is not valid")


class Chain:
    """The state after the latest block, its header, and the history tree over all headers."""

    def __init__(self, chainspec: Chainspec):
        self.chainspec, self.state = chainspec, State(chainspec)
        self.header = genesis_header(chainspec)
        self.history = Tree([self.header.encode()])

    def execute(self, transactions, time: int) -> None:
        """Applies the transactions of the next block; the state is then the one after it (rules.md 5, item 5)."""
        height = self.header.height + 1
        for position, transaction in enumerate(transactions):
            try:
                apply(self.state, transaction, height, time, position)
            except Refusal as refusal:
                raise DoesNotHold(
                    refusal.code, f"transaction {position} of the block at height {height} ({transaction.id().hex()}) "
                                  f"is refused: {refusal}") from refusal

    def next_header(self, transactions, time: int, proposer: int) -> Header:
        """The header that the next block must have, once its transactions are applied (block.md 1)."""
        height = self.header.height + 1
        return Header(1, self.chainspec.rules_at(height), self.chainspec.network, height, time,
                      self.header.block_hash(), transaction_tree(transactions).root(), self.state.tree.root(),
                      self.state.supply_root(), self.history.root(), len(transactions), 0,
                      len(self.state.accounts), proposer)

    def check(self, block: CertifiedBlock) -> None:
        """A decoded block is valid at its place, in the order of rules.md 5, and becomes the latest."""
        header, place = block.header, f"the block at height {self.header.height + 1}"
        # Everything but the roots and counts that execution gives.
        expected = self.next_header(block.transactions, header.time, header.proposer)
        for name in ("network", "height", "parent", "rules"):
            self.compare(f"header.{name}", getattr(header, name), getattr(expected, name), place)
        if header.time < self.header.time:
            raise DoesNotHold("header.time", f"the time of {place} is before its parent's")
        if header.proposer >= len(self.chainspec.validators):
            raise DoesNotHold("header.proposer", f"the proposer of {place} does not exist")
        self.compare("historyRoot", header.history_root, expected.history_root, place)
        self.compare("transactionRoot", header.transaction_root, expected.transaction_root, place)
        self.check_attestations(block)
        self.execute(block.transactions, header.time)
        expected = self.next_header(block.transactions, header.time, header.proposer)
        self.compare("accountCount", header.account_count, expected.account_count, place)
        self.compare("stateRoot", header.state_root, expected.state_root, place)
        self.compare("supplyRoot", header.supply_root, expected.supply_root, place)
        assert header == expected, "every field of the header was compared"
        self.advance(header)

    def check_attestations(self, block: CertifiedBlock) -> None:
        """rules.md 5, item 4: every validator known, every signature valid, at least a quorum."""
        header, attestations = block.header, block.attestations
        place = f"the block at height {header.height}"
        numbers = [validator for validator, _ in attestations]
        for validator, signature in attestations:
            if validator >= len(self.chainspec.validators):
                raise DoesNotHold("notFinal", f"{place} is attested by validator {validator}, who does not exist")
            if not valid_attestation(self.chainspec, header, validator, signature):
                raise DoesNotHold("notFinal", f"the attestation of {place} by validator {validator} is not valid")
        if not self.chainspec.quorum <= len(numbers) <= MAXIMUM_ATTESTATIONS or not strictly_ascending(numbers):
            raise DoesNotHold("notFinal", f"{place} has {len(numbers)} attestations, {self.chainspec.quorum} make it "
                                          "final")

    @staticmethod
    def compare(name: str, claimed, expected, place: str) -> None:
        if claimed != expected:
            claimed, expected = (v.hex() if isinstance(v, bytes) else v for v in (claimed, expected))
            raise DoesNotHold(name, f"the {name} of {place} is {claimed}, not {expected}")

    def advance(self, header: Header) -> None:
        self.header = header
        self.history.append(header.encode())
