"""Checks many signatures, on several processes where that is asked for, with the verdict of checking them in order.

The rules name what must be a valid signature at the place where it matters and go on as if it were. A claim that is false is
raised before anything that was found after it was made: whoever finds another offence calls `settle` first.
"""

from collections import deque
from concurrent.futures import Future, ProcessPoolExecutor
from multiprocessing import get_context

from .encoding import Failure, valid_signature

CHECKS_IN_A_BATCH = 256
BATCHES_WAITING_PER_WORKER = 4

Check = tuple[int, bytes, bytes, bytes]  # scheme, public key, digest, signature


def valid_signatures(checks: list[Check]) -> list[bool]:
    return [valid_signature(*check) for check in checks]


class Signatures:
    """With one worker every claim is checked when it is made; with more, that many processes check batches of them."""

    def __init__(self, workers: int = 1):
        self.pool = ProcessPoolExecutor(workers, get_context("fork")) if workers > 1 else None
        self.most_waiting = BATCHES_WAITING_PER_WORKER * workers
        self.checks: list[Check] = []
        self.failures: list[tuple] = []  # what to raise for each of them
        self.waiting: deque[tuple[Future, list[tuple]]] = deque()

    def claim(self, check: Check, *failure) -> None:
        """This is a valid signature, or else `failure`, the type of a `Failure` and its arguments, is the verdict."""
        if self.pool is None:
            if not valid_signature(*check):
                raise make(*failure)
            return
        self.checks.append(check)
        self.failures.append(failure)
        if len(self.checks) == CHECKS_IN_A_BATCH:
            self.hand_over()
        while len(self.waiting) > self.most_waiting:
            self.take_result()

    def hand_over(self) -> None:
        self.waiting.append((self.pool.submit(valid_signatures, self.checks), self.failures))
        self.checks, self.failures = [], []

    def take_result(self) -> None:
        results, failures = self.waiting.popleft()
        for valid, failure in zip(results.result(), failures, strict=True):
            if not valid:
                raise make(*failure)

    def settle(self) -> None:
        """Raises the first claim that is false, if any is."""
        if self.checks:
            self.hand_over()
        while self.waiting:
            self.take_result()

    def close(self) -> None:
        if self.pool is not None:
            self.pool.shutdown(cancel_futures=True)


def make(kind: type[Failure], code: str, message: str, place: dict) -> Failure:
    return kind(code, message, **place)
