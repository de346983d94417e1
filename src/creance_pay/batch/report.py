"""Write the result of a job as one page of HTML, without any other file."""

from __future__ import annotations

from pathlib import Path

import jinja2

from .result import BatchResult

_PAGE = """<!doctype html>
<html lang="en">
<meta charset="utf-8">
<title>creance-pay {{ result.rule }}: {{ result.source.name }}</title>
<style>
body { font: 1rem/1.5 system-ui, sans-serif; max-width: 50rem; margin: 2rem auto; padding: 0 1rem; color: #111; }
table { border-collapse: collapse; width: 100%; margin: 1rem 0; }
caption { text-align: left; font-weight: bold; }
th, td { text-align: left; padding: .2rem .6rem .2rem 0; border-bottom: 1px solid #ccc; font-weight: normal; }
td.n { text-align: right; white-space: nowrap; font-variant-numeric: tabular-nums; }
td.b { width: 40%; }
td.b div { background: #2b5c8a; height: .9rem; min-width: 1px; }
</style>
<h1>{{ result.source.name }}</h1>
<table>
<caption>Job</caption>
<tr><th scope="row">Rule</th><td>{{ result.rule }}</td></tr>
<tr><th scope="row">Policy</th><td>{{ result.policy }}</td></tr>
<tr><th scope="row">Source</th><td>{{ result.source }}</td></tr>
<tr><th scope="row">Output</th><td>{{ result.target or "none: a check of the first part" }}</td></tr>
<tr><th scope="row">Files read</th><td>{{ "{:,}".format(result.files) }}</td></tr>
<tr><th scope="row">Hidden files passed over</th><td>{{ "{:,}".format(result.passed_over) }}</td></tr>
<tr><th scope="row">Rows decided</th><td>{{ "{:,}".format(result.rows) }}</td></tr>
<tr><th scope="row">Lines rejected</th><td>{{ "{:,}".format(result.rejected) }}</td></tr>
{% if result.rejects_file %}<tr><th scope="row">Rejected lines in</th><td>{{ result.rejects_file }}</td></tr>
{% endif %}{% if result.payable is not none %}<tr><th scope="row">Payable</th><td>{{ result.payable }} €</td></tr>
{% endif %}<tr><th scope="row">Seconds</th><td>{{ "{:.1f}".format(result.seconds) }}</td></tr>
<tr><th scope="row">Rows a second</th><td>{{ "{:,}".format(result.rows_per_second) }}</td></tr>
</table>
{% for note in result.notes %}<p>{{ note }}</p>
{% endfor %}{% for caption, counts in tables if counts %}<table>
<caption>{{ caption }}</caption>
{% for name, count in counts.items() %}{% set share = count / counts.values() | sum %}<tr>\
<th scope="row">{{ name }}</th><td class="n">{{ "{:,}".format(count) }}</td>\
<td class="n">{{ "{:.1%}".format(share) }}</td>\
<td class="b"><div style="width:{{ "{:.1f}".format(share * 100) }}%"></div></td></tr>
{% endfor %}</table>
{% endfor %}</html>
"""


def write_report(result: BatchResult, path: Path) -> None:
    """Write a page with the counts of a result as tables and bars.

    Args:
        result: The result.
        path: The file to write; an existing one is replaced.

    Raises:
        OSError: when the file cannot be written.
    """
    environment = jinja2.Environment(autoescape=True, undefined=jinja2.StrictUndefined)
    tables = (("Answers", result.codes), ("Reasons of rejected lines", result.reasons))
    page = environment.from_string(_PAGE).render(result=result, tables=tables)
    temporary = path.with_name(f"{path.name}.tmp")
    temporary.write_text(page, encoding="utf-8")
    temporary.replace(path)
