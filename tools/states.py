"""Draw the states of a payment: ``states.py`` writes ``docs/states.svg``.

The places are chosen by hand.  An arrow from or to a group is about each of its states.  A test compares the arrows
with the decisions of ``creance_pay.ledger.transition`` in every situation.
"""

import sys
from collections.abc import Iterator
from itertools import product
from pathlib import Path
from typing import NamedTuple

FILE = Path(__file__).resolve().parents[1] / "docs" / "states.svg"
GROUPS = {
    "open": ("CREATED", "UNKNOWN", "PENDING", "AUTHORISED"),
    "in flight": ("PENDING", "AUTHORISED"),
    "failed": ("REFUSED", "CANCELLED", "EXPIRED", "ERROR"),
    "settled": ("PAID", "PARTIALLY_REFUNDED", "REFUNDED", "CHARGED_BACK"),
    "not charged back": ("PAID", "PARTIALLY_REFUNDED", "REFUNDED"),
}


class Box(NamedTuple):
    """A rectangle: the place of its upper left corner, its size, its text and its class."""

    x: int
    y: int
    width: int
    height: int
    text: str
    kind: str = "state"


class Arrow(NamedTuple):
    """An arrow between states or groups: its path, and a label with the place of its middle."""

    source: str
    target: str
    path: str
    label: str = ""
    at: tuple[int, int] = (0, 0)
    kind: str = "arrow"


BOXES = (
    Box(20, 40, 560, 440, "No money has moved", "outer"),
    Box(40, 340, 180, 126, "in flight", "group"),
    Box(390, 84, 170, 382, "failed", "group"),
    Box(720, 40, 220, 440, "Money has moved", "outer"),
    Box(734, 84, 192, 248, "not charged back", "group"),
    Box(50, 92, 130, 36, "CREATED"),
    Box(210, 226, 110, 36, "UNKNOWN"),
    Box(60, 370, 140, 32, "PENDING"),
    Box(60, 424, 140, 32, "AUTHORISED"),
    Box(410, 124, 130, 36, "REFUSED"),
    Box(410, 214, 130, 36, "CANCELLED"),
    Box(410, 304, 130, 36, "EXPIRED"),
    Box(410, 394, 130, 36, "ERROR"),
    Box(742, 112, 156, 36, "PAID"),
    Box(742, 198, 156, 36, "PARTIALLY_REFUNDED"),
    Box(742, 284, 156, 36, "REFUNDED"),
    Box(742, 424, 156, 36, "CHARGED_BACK"),
)
ARROWS = (
    Arrow("CREATED", "failed", "M180 104 H388"),
    Arrow("CREATED", "UNKNOWN", "M160 128 L236 224"),
    Arrow("CREATED", "in flight", "M90 128 V338"),
    Arrow("UNKNOWN", "in flight", "M236 262 L180 338"),
    Arrow("UNKNOWN", "failed", "M320 236 H388"),
    Arrow("failed", "UNKNOWN", "M390 252 H322"),
    Arrow("in flight", "failed", "M220 386 H388"),
    Arrow("failed", "in flight", "M390 406 H222"),
    Arrow("PENDING", "AUTHORISED", "M120 402 V422"),
    Arrow("AUTHORISED", "PENDING", "M140 424 V404"),
    Arrow("failed", "failed", "M430 466 V474 H520 V468", "each to each", (475, 460)),
    Arrow("open", "settled", "M580 62 H718", "report of money", (650, 54)),
    Arrow("failed", "settled", "M560 270 H718", "PAID_AFTER_NO", (650, 262), "incident"),
    Arrow("PAID", "PARTIALLY_REFUNDED", "M820 148 V196"),
    Arrow("PARTIALLY_REFUNDED", "REFUNDED", "M820 234 V282"),
    Arrow("PAID", "REFUNDED", "M898 130 H912 V302 H900"),
    Arrow("not charged back", "CHARGED_BACK", "M816 332 V422", "chargeback", (774, 384), "incident"),
    Arrow("CHARGED_BACK", "not charged back", "M846 424 V334", "returned", (876, 384)),
)
STYLE = """
text { font: 13px system-ui, sans-serif; fill: #1a1a1a; text-anchor: middle }
.name { font-weight: 600 }
rect { fill: #fff; stroke: #444 }
.outer { fill: #f4f6f8; stroke: #8a939c }
.group { fill: #e6ebf0; stroke: #8a939c }
path { fill: none; stroke: #1a1a1a; stroke-width: 1.5; marker-end: url(#head) }
.incident { stroke: #a3160d; stroke-dasharray: 6 3; marker-end: url(#alarm) }
.alarm { fill: #a3160d }
"""


def states_of(name: str) -> tuple[str, ...]:
    """Return the states of a group, or the state of that name."""
    return GROUPS.get(name, (name,))


def pairs() -> set[tuple[str, str]]:
    """Return each change of state that an arrow shows."""
    both = (pair for arrow in ARROWS for pair in product(states_of(arrow.source), states_of(arrow.target)))
    return {(source, target) for source, target in both if source != target}


def sentences() -> Iterator[str]:
    """Yield the description of the diagram: the groups, then the arrows."""
    for name, states in GROUPS.items():
        yield f"The states {', '.join(states)} are {name}."
    for arrow in ARROWS:
        note = f" ({arrow.label})" if arrow.label else ""
        note += ", with an incident" if arrow.kind == "incident" else ""
        yield f"{arrow.source} to {arrow.target}{note}."


def head(name: str) -> str:
    """Return the definition of an arrow's head."""
    size = 'markerWidth="9" markerHeight="9" refX="8" refY="4.5" orient="auto" markerUnits="userSpaceOnUse"'
    return f'<marker id="{name}" {size}><polygon points="0,0 9,4.5 0,9" class="{name}"/></marker>'


def drawn_box(box: Box) -> str:
    """Return a rectangle and its text: a state in the middle, a group at the top."""
    middle, kind = box.x + box.width // 2, "" if box.kind == "state" else f' class="{box.kind}"'
    height = box.y + (box.height // 2 + 5 if box.kind == "state" else 20)
    weight = ' class="name"' if box.kind == "outer" else ""
    shape = f'<rect x="{box.x}" y="{box.y}" width="{box.width}" height="{box.height}" rx="6"{kind}/>'
    return f'{shape}<text x="{middle}" y="{height}"{weight}>{box.text}</text>'


def drawn_arrow(arrow: Arrow) -> str:
    """Return a path and its label."""
    kind = "" if arrow.kind == "arrow" else f' class="{arrow.kind}"'
    label = f'<text x="{arrow.at[0]}" y="{arrow.at[1]}">{arrow.label}</text>' if arrow.label else ""
    return f'<path d="{arrow.path}"{kind}/>{label}'


def drawing() -> str:
    """Return the diagram as SVG."""
    lines = [
        '<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 20 960 480" role="img" aria-labelledby="title desc">',
        '<title id="title">The states of a payment</title>',
        f'<desc id="desc">{" ".join(sentences())}</desc>',
        f"<style>{STYLE}</style>",
        f"<defs>{head('head')}{head('alarm')}</defs>",
        '<rect y="20" width="960" height="480" style="stroke:none"/>',
        *map(drawn_box, BOXES),
        *map(drawn_arrow, ARROWS),
        '<text x="650" y="290">dashed: an incident</text>',
        "</svg>",
    ]
    return "\n".join(lines) + "\n"


def main() -> int:
    """Write the file."""
    FILE.write_text(drawing(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
