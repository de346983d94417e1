"""Draw the diagrams of the documentation: ``diagrams.py`` writes ``docs/diagrams/*.svg``.

The facts come from the code: imports between packages, parts of a reference, deadlines of a payment on one day, and the
calls of the payment service.  The places are chosen by hand.  A test checks that the files are current.
"""

import ast
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from html import escape
from pathlib import Path

from creance_pay import Euros, NoticeReference, TransactionReference, find_caisse
from creance_pay.payments import PaymentService
from creance_pay.rules import acknowledge_by, delete_on, display_by, policy_named, register_by

ROOT = Path(__file__).resolve().parents[1]
FOLDER = ROOT / "docs" / "diagrams"
PACKAGE = ROOT / "src" / "creance_pay"
POLICY = policy_named("ameli-2019-11")
STYLE = """
text { font: 14px system-ui, sans-serif; fill: #1a1a1a }
.middle { text-anchor: middle } .end { text-anchor: end }
.name { font-weight: 600 } .code { font-family: ui-monospace, monospace } .small { font-size: 12px; fill: #444 }
.big { font: 600 26px ui-monospace, monospace }
rect { fill: #fff; stroke: #444 } .soft { fill: #eef2f6; stroke: #8a939c }
path { fill: none; stroke: #1a1a1a; stroke-width: 1.5 } .arrow { marker-end: url(#head) }
.dashed { stroke-dasharray: 5 4 } .life { stroke: #8a939c; stroke-dasharray: 2 4 }
"""
MARKER = (
    '<defs><marker id="head" markerWidth="9" markerHeight="9" refX="8" refY="4.5" orient="auto" '
    'markerUnits="userSpaceOnUse"><polygon points="0,0 9,4.5 0,9" fill="#1a1a1a"/></marker></defs>'
)


def svg(title: str, description: str, width: int, height: int, parts: Iterator[str]) -> str:
    """Return a diagram with its title and its description."""
    head = f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {width} {height}" role="img" '
    return "\n".join([
        head + 'aria-labelledby="title desc">',
        f'<title id="title">{escape(title)}</title>',
        f'<desc id="desc">{escape(description)}</desc>',
        f"<style>{STYLE}</style>{MARKER}",
        f'<rect width="{width}" height="{height}" style="stroke:none"/>',
        *parts,
        "</svg>",
    ]) + "\n"  # fmt: skip


def text(x: int, y: int, words: str, kind: str = "") -> str:
    """Return a text."""
    return f'<text x="{x}" y="{y}"' + (f' class="{kind}"' if kind else "") + f">{escape(words)}</text>"


def box(x: int, y: int, width: int, height: int, name: str, note: str = "", kind: str = "soft") -> str:  # noqa: PLR0917 - the corner, the size and the texts
    """Return a rectangle with a name and a note in its middle."""
    middle, line = x + width // 2, y + height // 2 + (-3 if note else 5)
    shape = f'<rect x="{x}" y="{y}" width="{width}" height="{height}" rx="6" class="{kind}"/>'
    return (
        shape
        + text(middle, line, name, "middle name")
        + (text(middle, line + 18, note, "middle small") if note else "")
    )


def arrow(path: str, kind: str = "") -> str:
    """Return an arrow."""
    return f'<path d="{path}" class="arrow {kind}"/>'


# ---- the layout, from the imports


def imports() -> dict[str, set[str]]:
    """Return the packages that each package of the library imports; a module of values counts as ``values``."""
    packages = {path.name for path in PACKAGE.iterdir() if (path / "__init__.py").is_file()}
    found: dict[str, set[str]] = {}
    for path in sorted(PACKAGE.rglob("*.py")):
        parts = path.relative_to(PACKAGE).parts
        if "migrations" in parts or len(parts) == 1:
            continue
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if not isinstance(node, ast.ImportFrom) or node.level != len(parts):
                continue  # absolute, or inside the package
            names = [node.module.split(".")[0]] if node.module else [alias.name for alias in node.names]
            found.setdefault(parts[0], set()).update(name if name in packages else "values" for name in names)
    return found


LAYOUT = {
    "testing": (15, 20), "cli": (225, 20), "django": (435, 20), "web": (645, 20),
    "batch": (15, 120), "payments": (330, 120), "office": (645, 120),
    "rules": (15, 220), "gateways": (225, 220), "ledger": (435, 220), "messages": (645, 220),
}  # fmt: skip
NOTES = {
    "cli": "creance-pay", "django": "an app", "testing": "the bank's side", "batch": "files of debts",
    "web": "the bank's two addresses", "office": "pages for the office",
    "payments": "one payment, all its answers", "rules": "who, how much, until when", "gateways": "the bank's protocol",
    "ledger": "payments, recorded once", "messages": "sentences, letters",
}  # fmt: skip


def layout() -> str:
    """Draw the packages and their layers."""
    found = imports()
    shown = {name: place for name, place in LAYOUT.items() if name in found}
    width, height = 190, 56
    sources = [name for name, (_, y) in LAYOUT.items() if y == LAYOUT["batch"][1]]
    drawn = [(source, target) for source in sources for target in LAYOUT if target in found[source] - {source}]

    def parts() -> Iterator[str]:
        for name, (x, y) in shown.items():
            yield box(x, y, width, height, name, NOTES[name])
        yield box(
            15,
            330,
            820,
            56,
            "creance_pay",
            "values and errors: Euros, NoticeReference, Debt, PaymentOrder, PaymentState",
        )
        for source, target in drawn:
            (x, y), (to_x, to_y) = LAYOUT[source], LAYOUT[target]
            yield arrow(f"M{x + width // 2} {y + height} L{to_x + width // 2} {to_y - 2}")
        for name in ("rules", "gateways", "ledger", "messages"):
            yield arrow(f"M{LAYOUT[name][0] + width // 2} 276 V328")
        yield text(
            425,
            410,
            "An arrow leads to an imported package. The upper packages may import any lower one.",
            "middle small",
        )

    sentences = " ".join(f"{source} imports {target}." for source, target in drawn)
    sentences += (
        " rules, gateways, ledger and messages import the values alone. cli, django, testing and web are above."
    )
    return svg("The packages of creance-pay", sentences, 850, 420, parts())


# ---- a payment from start to end


ACTORS = ("Person", "Your portal", "creance-pay", "Bank")
STEPS = [
    (0, 1, "chooses an amount"),
    (1, 2, f"{PaymentService.start.__name__}(amount, notices)"),
    (2, 2, "records the order: CREATED"),
    (1, 0, "page with the sealed form"),
    (0, 3, "pays on the bank's page"),
    (3, 1, "notification (server to server)"),
    (1, 2, f"{PaymentService.on_notification.__name__}(message)"),
    (2, 2, "authenticates, matches, records: PAID"),
    (3, 0, "leads the browser back"),
    (0, 1, "return (the same answer again)"),
    (1, 2, f"{PaymentService.on_return.__name__}(message): DUPLICATE"),
    (1, 0, "303, then the recorded state"),
    (1, 2, f"{PaymentService.run_effects.__name__}(): acknowledgement"),
    (2, 3, f"{PaymentService.reconcile.__name__}(): if no answer came"),
]


def sequence() -> str:
    """Draw the sequence of a payment, its notification and its return."""
    place = [90, 320, 560, 790]
    top, step = 64, 40
    height = top + step * len(STEPS) + 20

    def parts() -> Iterator[str]:
        for name, x in zip(ACTORS, place, strict=True):
            yield f'<path d="M{x} 44 V{height - 10}" class="life"/>'
            yield box(x - 75, 10, 150, 34, name)
        for number, (source, target, words) in enumerate(STEPS):
            y = top + step * number + 22
            if source == target:
                yield box(place[source] - 170, y - 22, 340, 26, words, kind="")
                continue
            yield arrow(f"M{place[source]} {y} H{place[target] + (-2 if target > source else 2)}")
            middle = (place[source] + place[target]) // 2
            size = 7 * len(words) + 8
            yield f'<rect x="{middle - size // 2}" y="{y - 21}" width="{size}" height="18" style="stroke:none"/>'
            yield text(middle, y - 7, words, "middle")

    sentences = " ".join(
        f"{number}. {ACTORS[source]}{'' if source == target else ' to ' + ACTORS[target]}: {words}."
        for number, (source, target, words) in enumerate(STEPS, 1)
    )
    return svg("A payment, its notification and its return", sentences, 880, height, parts())


# ---- the life of a debt between caisse and bank


def debt_life() -> str:
    """Draw a debt from the notice to the posting of its payment."""
    owed, paid = Euros(6000), Euros(2000)
    left = Euros(owed.cents - paid.cents)
    rows = [
        ("notice sent", str(owed), "0.00", str(owed), "the caisse"),
        ("payment PAID at the bank", str(owed), str(paid), str(left), "the bank"),
        ("postings file written", str(owed), str(paid), str(left), "creance-pay"),
        ("debt reduced, posted() recorded", str(left), "0.00", str(left), "the caisse"),
    ]
    columns = [20, 310, 450, 570, 720]

    def parts() -> Iterator[str]:
        heads = ("Event", "Remaining", "Pending", "Can be paid", "Who acts")
        for x, word in zip(columns, heads, strict=True):
            yield text(x, 32, word, "name")
        for number, row in enumerate(rows):
            y = 50 + 52 * number
            yield f'<rect x="10" y="{y}" width="840" height="40" rx="6" class="soft"/>'
            for x, word in zip(columns, row, strict=True):
                yield text(x, y + 26, word, "code" if x in columns[1:4] else "")
            if number:
                yield arrow(f"M{columns[0] + 130} {y - 12} V{y - 1}")
        yield text(20, 276, "Remaining is the caisse's figure. Can be paid = remaining - pending (rule R25).", "small")

    sentences = " ".join(f"{each[0]}: remaining {each[1]}, pending {each[2]}, payable {each[3]}." for each in rows)
    return svg("The life of a debt between caisse and bank, in euros", sentences, 860, 290, parts())


# ---- the parts of a reference


def anatomy() -> str:
    """Draw the parts of a notice reference and of a transaction reference."""
    notice = NoticeReference("6311705400000344F")
    caisse = find_caisse(notice.caisse_code)
    name = caisse.name if caisse else "unknown"
    transaction = TransactionReference("PCLCB172540000004")
    first = [
        ("631", f"caisse: {name}"), ("17", "year after 2000"), ("054", f"day of the year: {notice.issued_on}"),
        ("00000344", "sequence"), ("F", "letter, meaning unknown"),
    ]  # fmt: skip
    second = [("PCLCB", "prefix"), ("17", "year"), ("254", "day of the year"), ("0000004", "sequence number")]
    whole = ("".join(part for part, _ in first), "".join(part for part, _ in second))
    if whole != (str(notice), str(transaction)):
        raise ValueError(f"expected the parts of {notice} and {transaction}, got {whole}")

    def row(top: int, title: str, pieces: list[tuple[str, str]]) -> Iterator[str]:
        yield text(20, top, title, "name")
        x = 20
        for number, (part, words) in enumerate(pieces):
            width = 17 * len(part) + 14
            yield f'<rect x="{x}" y="{top + 14}" width="{width}" height="42" rx="4" class="soft"/>'
            yield text(x + width // 2, top + 44, part, "middle big")
            low = top + 84 + 22 * (len(pieces) - 1 - number)
            yield f'<path d="M{x + width // 2} {top + 56} V{low - 5} H{x + width // 2 + 12}"/>'
            yield text(x + width // 2 + 18, low, words)
            x += width + 6

    def parts() -> Iterator[str]:
        yield from row(28, "Notice reference (rules R1, R2, R3)", first)
        yield from row(248, "Transaction reference (rule R15)", second)

    listed = (f"{part}: {words}." for part, words in (*first, *second))
    return svg("The parts of a notice reference and of a transaction reference", " ".join(listed), 720, 420, parts())


# ---- the legal clocks


def clocks() -> str:
    """Draw the days after a payment of one day."""
    paid = datetime(2026, 11, 23, 12, tzinfo=UTC)
    rows = [
        ("paid at the bank", paid.date(), "R18: this day is the date of receipt"),
        ("posted and displayed", display_by(paid, policy=POLICY).date(), "R17: within 24 hours"),
        ("registered, if not acknowledged", register_by(paid.date()), "R18, CRPA R112-11-2: one working day"),
        ("acknowledged", acknowledge_by(paid.date()), "R18, CRPA R112-11-1: ten working days"),
        ("acknowledgement deleted", delete_on(paid.date(), policy=POLICY), "R19: six calendar months"),
    ]

    def parts() -> Iterator[str]:
        yield f'<path d="M30 34 V{34 + 56 * (len(rows) - 1)}"/>'
        for number, (words, day, rule) in enumerate(rows):
            y = 34 + 56 * number
            yield f'<circle cx="30" cy="{y}" r="7" fill="#1a1a1a"/>'
            yield text(56, y + 5, f"{day:%d/%m/%Y}", "code name")
            yield text(170, y + 5, f"latest: {words}" if number else words)
            yield text(450, y + 5, rule, "small")

    sentences = " ".join(f"{day}: {words} ({rule})." for words, day, rule in rows)
    return svg("The clocks after a payment on 23 November 2026", sentences, 760, 290, parts())


DIAGRAMS: dict[str, Callable[[], str]] = {
    "layout": layout,
    "payment-sequence": sequence,
    "debt-life": debt_life,
    "reference": anatomy,
    "clocks": clocks,
}


def main() -> int:
    """Write the files."""
    FOLDER.mkdir(exist_ok=True)
    for name, draw in DIAGRAMS.items():
        (FOLDER / f"{name}.svg").write_text(draw(), encoding="utf-8", newline="\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
