"""The language of the pages: French, or English from ``locales/en.po``.

The templates are written in French, and mark each text for ``gettext``.  The sentences about a debt or a payment are
those of the library's catalogue, which has both languages.
"""

from __future__ import annotations

import re
from datetime import date, datetime
from functools import cache
from io import BytesIO
from pathlib import Path
from zoneinfo import ZoneInfo

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.support import NullTranslations, Translations
from flask import Flask, request

from creance_pay import Euros, messages

#: The languages, each by its own name.
LANGUAGES = {"fr": "Français", "en": "English"}
COOKIE = "langue"
_LOCALES = {"fr": Locale("fr", "FR"), "en": Locale("en", "GB")}
# French sets a no-break space before these signs, and inside these quotes.
_BEFORE_SIGN = re.compile(r" (?=[:;!?»])|(?<=«) ")


def language() -> str:
    """Return the language of this request: the person's choice, else French."""
    chosen = request.cookies.get(COOKIE, "fr")
    return chosen if chosen in LANGUAGES else "fr"


@cache
def _translations(lang: str) -> NullTranslations:
    """Read the translations of a language; French has none."""
    if lang == "fr":
        return NullTranslations()
    compiled = BytesIO()
    with (Path(__file__).parent / "locales" / f"{lang}.po").open("rb") as file:
        write_mo(compiled, read_po(file, locale=lang))
    compiled.seek(0)
    return Translations(compiled)


def translate(text: str) -> str:
    """Translate a text of the pages."""
    lang = language()
    found = str(_translations(lang).gettext(text))
    return _BEFORE_SIGN.sub("\u00a0", found) if lang == "fr" else found


def translate_count(one: str, several: str, count: int) -> str:
    """Translate a text that depends on a count.  In French 0 takes the singular, in English the plural."""
    lang = language()
    if lang == "fr":
        return translate(several if count > 1 else one)
    return str(_translations(lang).ngettext(one, several, count))


def format_euros(amount: Euros) -> str:
    """Format an amount in the language of this request."""
    return messages.format_euros(amount, lang=language())


def format_day(day: date | datetime) -> str:
    """Format a day: ``05/07/2018``, or ``5 July 2018``; a time is converted to the time zone of Paris."""
    lang = language()
    local = day.astimezone(ZoneInfo("Europe/Paris")) if isinstance(day, datetime) else day
    return format_date(local, "dd/MM/yyyy" if lang == "fr" else "long", locale=_LOCALES[lang])


def format_moment(moment: datetime) -> str:
    """Format a day and a time of day in the time zone of Paris: ``05/07/2018 08:59``."""
    clock = format_time(moment, "HH:mm", tzinfo=ZoneInfo("Europe/Paris"), locale=_LOCALES[language()])
    return f"{format_day(moment)} {clock}"


def install(portal: Flask) -> None:
    """Add the functions of this module to the templates of an application."""
    environment = portal.jinja_env
    environment.add_extension("jinja2.ext.i18n")
    environment.policies["ext.i18n.trimmed"] = True
    environment.install_gettext_callables(translate, translate_count, newstyle=True)  # type: ignore[attr-defined]
    environment.filters |= {"euros": format_euros, "day": format_day, "moment": format_moment}
    environment.globals |= {"language": language, "LANGUAGES": LANGUAGES}
