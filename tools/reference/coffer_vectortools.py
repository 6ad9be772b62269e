"""What checks of vectors have in common."""

from pyverify.encoding import DoesNotHold, Failure, Unreadable


def expect(condition: bool, what: str) -> None:
    if not condition:
        raise DoesNotHold("vector", f"vector: {what}")


def expect_refusal(check, case: dict, what: str) -> None:
    """The case is refused, with its code and, where it has one, its exit code."""
    try:
        check()
    except Failure as error:
        code = 2 if isinstance(error, Unreadable) else 1
        expect(error.code == case["error"], f"{what} is refused with {error.code}, not {case['error']}: {error}")
        expect(code == case.get("exitCode", code), f"{what} ends with exit code {code}: {error}")
    else:
        expect(False, f"{what} is accepted, {case['error']} was due")


def check_refused(file: str, cases: list[dict], check) -> int:
    """`check` takes a case and fails for its reason."""
    for case in cases:
        expect_refusal(lambda: check(case), case, f"{file}, {case.get('name', case)}")
    return len(cases)


def check_cases(file: str, data: dict, check) -> int:
    """`check` takes a case, returns the fields of a valid one that it found, and fails for a refused one."""
    for case in data["valid"]:
        what = f"{file}, {case.get('name', case)}"
        try:
            found = check(case)
        except Failure as error:
            raise DoesNotHold("vector", f"vector: {what} is refused: {error}") from error
        for name, value in found.items():
            expect(case[name] == value, f"{what}: {name} is {value}, not {case[name]}")
    return len(data["valid"]) + check_refused(file, data["refused"], check)
