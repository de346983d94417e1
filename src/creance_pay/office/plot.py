"""A plot of payments and refusals by hour, as SVG without script."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import attrs
from markupsafe import Markup

_WIDTH, _HEIGHT, _LEFT, _BOTTOM, _STEP = 16, 160, 40, 30, 6
_SVG = Markup(
    '<svg viewBox="0 0 {width} {height}" width="100%" role="img" aria-label="{label}" font-size="10">{content}</svg>'
)
_RECT = Markup(
    '<rect x="{x}" y="{y:.1f}" width="{width}" height="{height:.1f}" fill="{fill}"><title>{title}</title></rect>'
)
_TEXT = Markup('<text x="{x}" y="{y:.1f}" text-anchor="{anchor}">{text}</text>')
_LINE = Markup('<line x1="{x}" x2="{end}" y1="{y:.1f}" y2="{y:.1f}" stroke="#ccc"/>')
_PAID, _REFUSED = "#2a6f4e", "#b3261e"


@attrs.define
class Bar:
    """The payments that began in an hour.

    Attributes:
        at: The beginning of the hour.
        paid: The number of payments that the bank accepted.
        refused: The number of those that it refused.
    """

    at: datetime
    paid: int = 0
    refused: int = 0


def hourly_plot(bars: Sequence[Bar]) -> Markup:
    """Draw stacked bars, the refusals above the payments.

    Args:
        bars: One bar an hour, the oldest first.
    """
    most = max([1, *(bar.paid + bar.refused for bar in bars)])
    width, height = _LEFT + _WIDTH * len(bars), _HEIGHT + _BOTTOM
    parts = [
        _LINE.format(x=_LEFT, end=width, y=_y(value, most))
        + _TEXT.format(x=_LEFT - 4, y=_y(value, most) + 3, anchor="end", text=value)
        for value in sorted({0, most // 2, most})
    ]
    for number, bar in enumerate(bars):
        parts += _stack(bar, _LEFT + number * _WIDTH, most)
        if bar.at.hour % _STEP == 0:
            text = f"{bar.at:%H h}" if bar.at.hour else f"{bar.at:%d/%m}"
            parts.append(_TEXT.format(x=_LEFT + number * _WIDTH, y=_HEIGHT + 16.0, anchor="start", text=text))
    label = f"{sum(bar.paid for bar in bars)} paiements, {sum(bar.refused for bar in bars)} refus"
    return _SVG.format(width=width, height=height, label=label, content=Markup("").join(parts))


def _y(value: int, most: int) -> float:
    return 10 + (_HEIGHT - 10) * (1 - value / most)


def _stack(bar: Bar, x: int, most: int) -> list[Markup]:
    title = f"{bar.at:%d/%m %H h} : {bar.paid} paiements, {bar.refused} refus"
    below, total = _y(bar.paid, most), _y(bar.paid + bar.refused, most)
    rows = ((below, _HEIGHT - below, _PAID, bar.paid), (total, below - total, _REFUSED, bar.refused))
    return [
        _RECT.format(x=x, y=y, width=_WIDTH - 2, height=size, fill=fill, title=title)
        for y, size, fill, count in rows
        if count
    ]
