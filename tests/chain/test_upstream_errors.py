"""No error of py-evm leaves the chain as it is: each class is an outcome, a refusal, or impossible.

| class                        | raised                       | becomes                            |
|------------------------------|------------------------------|------------------------------------|
| VMError and all below it     | in a frame                   | a failed transaction, by name      |
| VMError and all below it     | before the first frame       | BadTransaction                     |
| Halt                         | by STOP, RETURN and the like | caught by py-evm's loop            |
| UnrecognizedTransactionType  | while decoding               | UnsupportedTransaction             |
| the others                   | by py-evm's block database   | impossible: we have none           |
"""

from __future__ import annotations

import ast
from collections.abc import Callable, Iterator
from importlib.util import find_spec
from pathlib import Path
from typing import TYPE_CHECKING

import eth.consensus  # noqa: F401  # py-evm has an import cycle that only this order resolves
import pytest
from eth import exceptions
from eth.vm.forks.prague.state import PragueState
from eth_utils.exceptions import ValidationError

from devnet.chain.transaction import decode_transaction
from devnet.errors import BadTransaction, ExecutionFailed, ExecutionReverted, UnsupportedTransaction
from precompiles.interface import Meter, StateView

if TYPE_CHECKING:
    from tests.chain.conftest import Bench

DATABASE = ("chains", "db", "vm/forks/frontier/blocks.py", "vm/forks/shanghai/blocks.py")
THROWER = bytes.fromhex("00" * 18 + "1000")


def walk(parent: type[Exception]) -> Iterator[type[Exception]]:
    """A class and all below it."""
    yield parent
    for child in parent.__subclasses__():
        if child.__module__ == exceptions.__name__:
            yield from walk(child)


ALL = tuple(walk(exceptions.PyEVMError))
OUTCOMES = tuple(walk(exceptions.VMError))
MAPPED = (*OUTCOMES, exceptions.Halt, exceptions.UnrecognizedTransactionType)
IMPOSSIBLE = tuple(error for error in ALL[1:] if error not in MAPPED)


def throw(error: type[Exception]) -> Callable[[bytes, Meter, StateView], bytes]:
    """A precompile that raises an error of py-evm."""

    def precompile(data: bytes, meter: Meter, state: StateView) -> bytes:
        raise error("thrown")

    return precompile


@pytest.mark.parametrize("error", OUTCOMES)
def test_error_in_a_frame_is_a_failed_transaction(
    error: type[Exception], make_bench: Callable[..., Bench]
) -> None:
    """The receipt names the class; a call raises what its kind of failure is called here."""
    bench = make_bench(None, {THROWER: ("Thrower", throw(error))})
    receipt = bench.run(bench.sign(to=THROWER)).receipts[0]
    assert (receipt.succeeded, receipt.failure) == (False, error.__name__)
    with pytest.raises((ExecutionFailed, ExecutionReverted)):
        bench.call(to=THROWER)


@pytest.mark.parametrize("error", [*OUTCOMES, ValidationError])
def test_error_before_the_first_frame_refuses_the_transaction(
    error: type[Exception], bench: Bench, monkeypatch: pytest.MonkeyPatch
) -> None:
    """py-evm raises some of them on the way in; neither blocks nor calls let them through."""

    def refuse(*_: object) -> None:
        raise error("thrown")

    executor = PragueState.transaction_executor_class
    monkeypatch.setattr(executor, "build_evm_message", refuse)
    with pytest.raises(BadTransaction, match="refused by the EVM: thrown"):
        bench.execute([decode_transaction(bench.sign(to=bytes(20)))])
    with pytest.raises(BadTransaction, match="refused by the EVM: thrown"):
        bench.call(to=bytes(20))


def test_halt_ends_a_frame_and_nothing_else(bench: Bench) -> None:
    """STOP is py-evm's `Halt`, and a success."""
    receipt = bench.run(bench.sign(data=b"\x00")).receipts[0]
    assert (receipt.succeeded, receipt.failure) == (True, "")


def test_unknown_type_is_unsupported() -> None:
    """`UnrecognizedTransactionType` becomes an error that names the type."""
    with pytest.raises(UnsupportedTransaction, match="type not supported: 9"):
        decode_transaction(b"\x09\xc0")


@pytest.mark.parametrize("error", IMPOSSIBLE)
def test_the_others_come_from_a_database_that_we_do_not_have(error: type[Exception]) -> None:
    """Raised nowhere but in py-evm's chains, databases and stored blocks, which execute nothing."""
    assert {file for file in find_raisers(error.__name__) if not file.startswith(DATABASE)} == set()


def test_every_class_of_the_module_is_covered() -> None:
    """A class that a new py-evm brings must find its row in the table above."""
    defined = {
        item
        for item in vars(exceptions).values()
        if isinstance(item, type) and issubclass(item, Exception)
        and item.__module__ == exceptions.__name__
    }  # fmt: skip
    assert defined == {*MAPPED, *IMPOSSIBLE, exceptions.PyEVMError}


def find_raisers(name: str) -> Iterator[str]:
    """Files of py-evm with a statement that raises the class."""
    spec = find_spec("eth")
    assert spec is not None
    assert spec.origin is not None
    root = Path(spec.origin).parent
    for path in sorted(root.rglob("*.py")):
        text = path.read_text(encoding="utf-8")
        if name not in text or "tools" in path.parts:
            continue
        for node in ast.walk(ast.parse(text)):
            raised = node.exc if isinstance(node, ast.Raise) else None
            called = raised.func if isinstance(raised, ast.Call) else raised
            if isinstance(called, ast.Name) and called.id == name:
                yield path.relative_to(root).as_posix()
