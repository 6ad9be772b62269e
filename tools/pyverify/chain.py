"""Blocks in a chain: docs/spec/rules.md section 5, block.md section 4 and chainspec.md section 3."""

from .block import CertifiedBlock, Header, transaction_root, valid_attestation
from .chainspec import Chainspec
from .encoding import BIP340, DoesNotHold, Tree, strictly_ascending
from .rules import AppliedIDs, Application
from .signatures import Signatures
from .state_tree import State


def genesis_header(chainspec: Chainspec) -> Header:
    """Block 0 (chainspec.md 3)."""
    state, empty = State(chainspec), Tree().root()
    return Header(1, chainspec.rules_at(0), chainspec.network, 0, chainspec.genesis_time, bytes(32), empty, state.root(),
                  state.supply_root(), empty, 0, 0, len(state.accounts), 0)


def check_finality(chainspec: Chainspec, header: Header, attestations: list[tuple[int, bytes]]) -> None:
    """A quorum of attestations, ascending, every one valid; of genesis none (proofs.md 1 item 4 and 2)."""
    block = f"the block at height {header.height}"

    def fail_if(condition: bool, code: str, message: str) -> None:
        if condition:
            raise DoesNotHold(code, message, height=header.height)

    if header.height == 0:
        fail_if(header != genesis_header(chainspec), "wrongGenesis", "the header is not the chainspec's genesis header")
        fail_if(bool(attestations), "genesisAttested", "genesis is final without attestations")
        return
    numbers = [validator for validator, _ in attestations]
    fail_if(len(numbers) < chainspec.quorum, "tooFewAttestations",
            f"{block} has {len(numbers)} attestations, {chainspec.quorum} make it final")
    fail_if(not strictly_ascending(numbers), "unsortedAttestations", f"the attestations of {block} are not ascending")
    for validator, signature in attestations:
        fail_if(validator >= len(chainspec.validators), "unknownValidator", f"there is no validator {validator}")
        fail_if(not valid_attestation(chainspec, header, validator, signature), "invalidAttestation",
                f"the attestation of {block} by validator {validator} is not valid")


class Chain:
    """The state after the latest block, its header, and the history tree over all headers."""

    def __init__(self, chainspec: Chainspec, signatures: Signatures | None = None):
        self.chainspec, self.state, self.applied = chainspec, State(chainspec), AppliedIDs()
        self.signatures = signatures or Signatures()
        self.header = genesis_header(chainspec)
        self.history = Tree([self.header.encode()])

    def apply(self, transaction, height: int, time: int, index: int) -> None:
        Application(self.state, self.applied, self.signatures, transaction, height, time, index).apply()

    def execute(self, transactions, time: int) -> None:
        """Applies the transactions of the next block; the state is then the one after it (rules.md 5, item 5)."""
        for index, transaction in enumerate(transactions):
            self.apply(transaction, self.header.height + 1, time, index)
        self.applied.forget_before(time)

    def check(self, block: CertifiedBlock) -> None:
        """A decoded block is valid at its place and becomes the latest. The first offence in the order of rules.md 5 is
        raised at once or, where it is a signature's, when `signatures` settles."""
        self.check_header(block)
        self.check_attestations(block)
        self.execute(block.transactions, block.header.time)
        self.check_results(block.header)
        self.advance(block.header)

    def check_header(self, block: CertifiedBlock) -> None:
        """rules.md 5, items 2 and 3."""
        header, before, height = block.header, self.header, self.header.height + 1
        self.compare("header.network", header.network, self.chainspec.network)
        self.compare("header.height", header.height, height)
        self.compare("header.parent", header.parent, before.block_hash())
        self.compare("header.rules", header.rules, self.chainspec.rules_at(height))
        if header.time < before.time:
            raise DoesNotHold("header.time", f"the time of the block at height {height} is {header.time}, before its "
                                             f"parent's, {before.time}", height=height)
        if header.proposer >= len(self.chainspec.validators):
            raise DoesNotHold("header.proposer", f"the proposer of the block at height {height}, validator "
                                                 f"{header.proposer}, does not exist", height=height)
        self.compare("historyRoot", header.history_root, self.history.root())
        self.compare("transactionRoot", header.transaction_root, transaction_root(block.transactions))

    def check_attestations(self, block: CertifiedBlock) -> None:
        """rules.md 5, item 4: every validator known, every signature valid, at least a quorum."""
        header, attested = block.header, block.header.attested_hash()
        place, where = f"the block at height {header.height}", {"height": header.height}
        for validator, signature in block.attestations:
            if validator >= len(self.chainspec.validators):
                raise DoesNotHold("notFinal", f"{place} is attested by validator {validator}, who does not exist", **where)
            self.signatures.claim((BIP340, self.chainspec.validators[validator].block_key, attested, signature), DoesNotHold,
                                  "notFinal", f"the attestation of {place} by validator {validator} is not valid", where)
        if len(block.attestations) < self.chainspec.quorum:
            raise DoesNotHold("notFinal", f"{place} has {len(block.attestations)} attestations, {self.chainspec.quorum} "
                                          "make it final", **where)

    def check_results(self, header: Header) -> None:
        """rules.md 5, item 6."""
        self.compare("accountCount", header.account_count, len(self.state.accounts))
        self.compare("stateRoot", header.state_root, self.state.root())
        self.compare("supplyRoot", header.supply_root, self.state.supply_root())

    def compare(self, name: str, claimed, expected) -> None:
        if claimed != expected:
            height = self.header.height + 1
            claimed, expected = (v.hex() if isinstance(v, bytes) else str(v) for v in (claimed, expected))
            raise DoesNotHold(name, f"the {name} of the block at height {height} is {claimed}, not {expected}", height=height,
                              found=claimed, expected=expected)

    def advance(self, header: Header) -> None:
        self.header = header
        self.history.append(header.encode())
