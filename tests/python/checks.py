"""A list of named checks: each runs, is printed as `ok` or `FAIL`, and decides the exit code."""

import sys
import traceback

_checks = []


def check(function):
    """Registers a check; its name is the rule it guards."""
    _checks.append(function)
    return function


def run():
    """Runs every check and ends the process."""
    failed = 0
    for function in _checks:
        name = function.__name__
        try:
            function()
        except Exception as error:  # a check may fail in any way
            failed += 1
            print(f"FAIL {name}: {type(error).__name__}: {error}")
            traceback.print_exc(file=sys.stdout)
        else:
            print(f"ok {name}")
    print(f"{len(_checks) - failed} passed, {failed} failed")
    sys.exit(1 if failed or not _checks else 0)


def raises(kind, function):
    """Runs `function`, which must raise `kind`, and gives the exception."""
    try:
        result = function()
    except kind as error:
        return error
    raise AssertionError(f"expected {kind.__name__}, got {result!r}")
