"""No input of 64 KiB costs more than 50 ms of CPU time or 20 MB: hostile shapes, without the fuzzer."""

import base64
import json
import sys
import tracemalloc
from collections.abc import Iterator
from urllib.parse import quote

import pytest

from fuzz.targets import MAX_BYTES, MAX_MEMORY_BYTES, UNBOUNDED, Target, cpu_seconds, max_cpu_seconds


def fill(unit: str, size: int) -> str:
    """Return a unit, repeated up to a number of characters."""
    return (unit * (size // len(unit) + 1))[:size]


def bomb(size: int, depth: int, characters: int) -> str:
    """Return nested objects with long names around many values: each dotted name is long."""
    head = ('{"' + "a" * characters + '":') * depth
    values = (size - len(head) - depth - 10) // 9
    return head + "{" + ",".join(f'"{number:x}":1' for number in range(values)) + "}" * (depth + 1)


def texts(size: int) -> dict[str, str]:
    """Return texts of names and values of about a size: pairs, and JSON."""
    return {
        "bars": fill("|", size),
        "equals signs": fill("=", size),
        "one letter": fill("a", size),
        "controls": fill("\x00", size),
        "two bytes": fill("é", size // 2),
        "short pairs": fill("a=|", size),
        "pairs without name": fill("=|", size),
        "one name": fill("n=1|", size),
        "one key version": fill("keyVersion=2|", size),
        "different names": "|".join(f"{number:x}=" for number in range(size // 6)),
        "long name": fill("a", size - 2) + "=1",
        "deep objects": fill('{"a":', size),
        "deep lists": fill("[", size),
        "deep lists in an object": '{"a":' + fill("[", size - 5),
        "deep and closed": '{"a":' * (size // 7) + "1" + "}" * (size // 7),
        "bomb": bomb(size, size // 330, 150),
        "bomb within the bounds of names and levels": bomb(size, 6, 60),
        "wide object": json.dumps({f"{number:x}": 1 for number in range(size // 12)}),
        "blanks before colons": json.dumps({f"{number:x}": 1 for number in range(size // 13)}, separators=(",", " :")),
        "1,000 names": json.dumps({f"{number:030x}": "" for number in range(size // 66)}),
        "long list": '{"a":[' + "1," * (size // 2 - 5) + "1]}",
        "long list of nulls": '{"a":[' + "null," * (size // 5 - 5) + "null]}",
        "long list with an object": '{"a":[{"b":1},' + "1," * (size // 2 - 10) + "1]}",
        "long list in a list": '{"a":[[' + "1," * (size // 2 - 10) + "1],[]]}",
        "long number": '{"a":' + fill("1", size - 6) + "}",
        "long text": '{"a":"' + fill("1,", size - 8) + '"}',
        "escapes": '{"a":"' + "\\u0041" * (size // 6 - 2) + '"}',
        "blanks": '{"a":' + fill(" ", size - 7) + "1}",
    }


# A run that measures coverage slows each line.
TRACE_ALLOWANCE = 4
# Forms and lines, each kind of separator and escape many times.
RAW = {
    **{
        repr(unit): fill(unit, MAX_BYTES)
        for unit in ("&", "=&", "%", "%7C", "%FF", "%C3%A9", "+", ";", "\n", "\r\n", '"', ';"', "1;", "1;\n")
    },
    "wide lines": "x\ntransactionReference;" + ";".join(map(str, range(500))) + "\n" + (";" * 500 + "\n") * 120,
    "many columns": "x\ntransactionReference;" + ";".join(map(str, range(5_000))) + "\n" + "r\n" * 15_000,
    "short lines": "x\ntransactionReference\n" + fill("R\n", MAX_BYTES - 30),
    "real lines": "x\ntransactionReference;amount;transactionDateTime\n"
    + fill("PCLCB172540000004;1600;2026-11-23T12:00:00+01:00\n", MAX_BYTES - 60),
}


def inputs() -> Iterator[tuple[str, str, bytes]]:
    """Yield inputs of at most 64 KiB: the name of the target, that of the shape, and the bytes."""
    for shape, text in texts(MAX_BYTES - 100).items():
        form = quote(text, safe='|={}":,[] \\')
        for gateway, depth in (("pairs", 0), ("JSON", 3)):
            yield "verify", f"{shape}, {gateway}", bytes([depth]) + f"Seal={'0' * 64}&Data={form}".encode()
        yield "data", shape, b"\0" + text.encode()
        yield "answer", shape, b"\0" + text.encode()
        yield "answer", f"{shape}, sealed", b"\xff" + text.encode()
        yield "key_file", shape, b"\0" + text.encode()
    for shape, text in texts(MAX_BYTES // 4 * 3 - 1_000).items():  # those that base64 makes a third longer
        for gateway, depth in (("pairs", 2), ("JSON", 5)):
            yield "verify", f"{shape}, {gateway}, sealed", bytes([depth]) + text.encode()
        yield "data", f"{shape}, encoded", b"\1" + base64.b64encode(text.encode())
        yield "key_file", f"{shape}, encrypted", b"\xff" + text.encode()
    for shape, text in RAW.items():
        yield "verify", shape, f"\0Seal={'0' * 64}&Data={text}".encode()
        yield "reports", shape, text.encode()


INPUTS = [(target, shape, content[:MAX_BYTES]) for target, shape, content in inputs()]


def peak_bytes(target: Target, content: bytes) -> int:
    """Return the peak memory of one call."""
    tracemalloc.start()
    try:
        target(content)
        return tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("name", UNBOUNDED)
def test_cpu(name: str) -> None:
    """No shape costs a target more CPU time than the bound, in the best of three calls."""
    target, allowance = UNBOUNDED[name], 1 if sys.gettrace() is None else TRACE_ALLOWANCE
    costly = [
        shape
        for wanted, shape, content in INPUTS
        if wanted == name
        and all(cpu_seconds(target, content) > allowance * max_cpu_seconds(target, content) for _ in range(3))
    ]
    assert [] == costly


@pytest.mark.parametrize("name", UNBOUNDED)
def test_memory(name: str) -> None:
    """No shape costs a target more memory than the bound."""
    peaks = {shape: peak_bytes(UNBOUNDED[name], content) for wanted, shape, content in INPUTS if wanted == name}

    assert {} == {shape: peak for shape, peak in peaks.items() if peak > MAX_MEMORY_BYTES}


def test_shapes() -> None:
    """Each target is tried with inputs of nearly the largest size."""
    assert set(UNBOUNDED) == {name for name, _, content in INPUTS if len(content) > MAX_BYTES - 1_000}
