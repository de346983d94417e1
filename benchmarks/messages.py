"""Measure the number of messages rendered a second on one core: ``python benchmarks/messages.py``.

Each line is the best of five runs over all messages that answer a code or a state, each with another amount of an
online payment, 16.00 to 50.00 EUR.  The aim is 50,000 a second.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Callable, Iterator
from itertools import cycle, islice

import attrs

from creance_pay import Euros
from creance_pay.messages import MESSAGES, Medium, Message, message_for, render, sample
from creance_pay.rules import check_amount, policy_named

AIM = 50_000
COUNT = 4_000
RUNS = 5


def machine() -> str:
    """Return a description of the machine."""
    return (
        f"{platform.python_implementation()} {platform.python_version()}, {platform.machine()}, {os.cpu_count()} cores"
    )


def messages() -> Iterator[Message]:
    """Yield messages of every kind that answers a code or a state, each with another amount."""
    kinds = cycle(kind for kind in MESSAGES if kind.answers)
    for number, kind in enumerate(kinds):
        made, amount = sample(kind), Euros(1600 + number % 3401)
        amounts = [field.name for field in attrs.fields(kind) if isinstance(getattr(made, field.name), Euros)]
        yield attrs.evolve(made, **dict.fromkeys(amounts, amount))


def best(work: Callable[[], object]) -> float:
    """Return the largest number of messages a second of several runs, by CPU time."""
    times = []
    for _ in range(RUNS):
        start = time.process_time()
        work()
        times.append(time.process_time() - start)
    return COUNT / min(times)


def main() -> None:
    """Print one line for each language and medium, then one for the way from a verdict to its sentences."""
    made = list(islice(messages(), COUNT))
    print(f"{machine()}; {COUNT:,} messages, best of {RUNS}; aim {AIM:,} a second")
    for lang in ("fr", "en"):
        for medium in Medium:
            figure = best(lambda medium=medium, lang=lang: [render(each, medium=medium, lang=lang) for each in made])  # type: ignore[misc]
            print(f"render {lang} {medium:7} {figure:10,.0f} a second  {'met' if figure >= AIM else 'below the aim'}")
    verdict = check_amount("15,99", total=Euros(6000), policy=policy_named("ameli-2019-11"))
    figure = best(lambda: [render(message_for(verdict)) for _ in range(COUNT)])
    print(f"message_for and render, one verdict {figure:10,.0f} a second")


if __name__ == "__main__":
    main()
