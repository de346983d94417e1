"""The other means of payment: a transfer, a cheque, and the text of a caisse.

The QR code follows the European Payments Council's guideline EPC069-12: a person scans it with the application of the
bank, which fills in the transfer.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path

import attrs
from markupsafe import Markup
from segno import helpers

from creance_pay import Euros, NoticeReference

_FILE = Path(__file__).with_name("means.toml")


@attrs.frozen(kw_only=True)
class OtherMeans:
    """The other means of payment of a caisse.

    Attributes:
        payee: The holder of the account, as the bank knows it: a bank compares the name with the IBAN.
        iban: The account; empty for a caisse that accepts no transfer.
        cheque_to: The payee of a cheque; empty for a caisse that accepts none.
        address: The address for a cheque.
        texts: The caisse's own text, by language.
    """

    payee: str = ""
    iban: str = ""
    cheque_to: str = ""
    address: str = ""
    texts: Mapping[str, str] = attrs.field(factory=dict)

    @property
    def grouped_iban(self) -> str:
        """The IBAN in groups of four."""
        return " ".join(self.iban[start : start + 4] for start in range(0, len(self.iban), 4))

    def qr_code(self, reference: NoticeReference, amount: Euros, label: str) -> Markup:
        """Draw the QR code of a transfer.

        Args:
            reference: The notice, which the transfer names.
            amount: The amount.
            label: The alternative text.
        """
        code = helpers.make_epc_qr(
            name=self.payee,
            iban=self.iban,
            amount=Decimal(amount.cents).scaleb(-2),
            text=f"Avis {reference.grouped}",
            encoding="UTF-8",
        )
        drawing = Markup(code.svg_inline(scale=4, border=4, light="#fff", omitsize=True))  # noqa: S704 - paths of segno
        return Markup('<div class="qr" role="img" aria-label="{}">{}</div>').format(label, drawing)


def read_means(file: Path = _FILE) -> dict[str, OtherMeans]:
    """Read the other means of payment of each caisse, by its code."""
    return {code: OtherMeans(**each) for code, each in tomllib.loads(file.read_text(encoding="utf-8")).items()}
