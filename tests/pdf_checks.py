"""Checks of a PDF file by its objects: the machine-checkable conditions of PDF/UA-1 and PDF/A-3a that pikepdf can see.

They cover the catalogue, the metadata, the structure, the marked content, the fonts and the attached file.  They do not
cover colours, the glyphs of the fonts and the syntax of the file, which veraPDF checks too.
"""

import io
from collections.abc import Iterator
from itertools import pairwise

import pikepdf

#: The types of structure elements that a letter uses, and the types that each may contain.
CHILDREN = {
    "/Document": {"/P", "/H1", "/H2", "/L"},
    "/L": {"/LI"},
    "/LI": {"/Lbl", "/LBody"},
    "/Lbl": {"/Strong"},
    "/LBody": {"/P", "/Span"},
    "/P": {"/Strong", "/Span"},
    "/H1": {"/Span"},
    "/H2": {"/Span"},
    "/Strong": {"/Span"},
    "/Span": set[str](),
}
_PAINTING = {"Tj", "TJ", "'", '"', "f", "F", "f*", "S", "s", "B", "b", "B*", "b*", "Do", "sh"}


def faults(content: bytes, *, title: str, lang: str) -> list[str]:
    """List the faults of a file."""
    with pikepdf.open(io.BytesIO(content)) as pdf:
        return [
            *_catalogue_faults(pdf, lang),
            *_metadata_faults(pdf, title),
            *_structure_faults(pdf),
            *_content_faults(pdf),
            *_font_faults(pdf),
            *_attachment_faults(pdf),
        ]


def _named(conditions: dict[str, bool]) -> Iterator[str]:
    """Yield the names of the conditions that do not hold."""
    yield from (name for name, holds in conditions.items() if not holds)


def _catalogue_faults(pdf: pikepdf.Pdf, lang: str) -> Iterator[str]:
    root = pdf.Root
    profiles = [each.get("/DestOutputProfile") for each in root.get("/OutputIntents", [])]
    yield from _named(
        {
            "tagged": bool(root.MarkInfo.Marked) and "/StructTreeRoot" in root,
            "without suspects": not root.MarkInfo.get("/Suspects", False),
            "language": str(root.Lang).lower() == lang.lower(),
            "title shown in the window": bool(root.ViewerPreferences.DisplayDocTitle),
            "colour profile": bool(profiles) and None not in profiles,
            "not encrypted": not pdf.is_encrypted,
            "without actions": not {"/OpenAction", "/AA", "/AcroForm"} & {*root.keys()},
            "without annotations": all("/Annots" not in page for page in pdf.pages),
        }
    )


def _metadata_faults(pdf: pikepdf.Pdf, title: str) -> Iterator[str]:
    expected = {"pdfuaid:part": "1", "pdfaid:part": "3", "pdfaid:conformance": "A", "dc:title": title}
    with pdf.open_metadata() as metadata:
        yield from (
            f"{name}: {metadata.get(name)!r}" for name, value in expected.items() if metadata.get(name) != value
        )


def _elements(node: pikepdf.Object) -> list[pikepdf.Dictionary]:
    """Return the structure elements directly below a node."""
    below = node.get("/K", pikepdf.Array())
    kids = list(below) if isinstance(below, pikepdf.Array) else [below]
    return [kid for kid in kids if isinstance(kid, pikepdf.Dictionary) and "/S" in kid]


def _all_elements(node: pikepdf.Object) -> Iterator[pikepdf.Dictionary]:
    for element in _elements(node):
        yield element
        yield from _all_elements(element)


def _structure_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    tree = pdf.Root.StructTreeRoot
    if [str(each.S) for each in _elements(tree)] != ["/Document"]:
        yield "one document at the top of the structure"
    for element in _all_elements(tree):
        kind, kids = str(element.S), [str(kid.S) for kid in _elements(element)]
        yield from (f"{kid} in {kind}" for kid in kids if kid not in CHILDREN.get(kind, set()))
        if "/K" not in element:
            yield f"empty {kind}"
    levels = [int(str(each.S)[2:]) for each in _all_elements(tree) if str(each.S)[1] == "H"]
    if levels[:1] != [1] or 1 in levels[1:]:
        yield "one heading of level 1, before the others"
    yield from (f"level {two} after {one}" for one, two in pairwise(levels) if two > one + 1)


def _content_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    """Yield the painting outside marked content, and the marked content outside the structure."""
    parents = _numbers(pdf.Root.StructTreeRoot.ParentTree)
    for number, page in enumerate(pdf.pages, 1):
        open_marks: list[bool] = []
        found: list[int] = []
        for operands, operator in pikepdf.parse_content_stream(page):  # type: ignore[misc]
            name = str(operator)
            if name in {"BDC", "BMC"}:
                marks = operands[1] if name == "BDC" else {}
                found += [int(marks["/MCID"])] if "/MCID" in marks else []
                open_marks.append("/MCID" in marks or str(operands[0]) == "/Artifact")
            elif name == "EMC":
                open_marks.pop()
            elif name in _PAINTING and not any(open_marks):
                yield f"page {number}: {name} outside marked content"
        below = parents[int(page.StructParents)]
        if sorted(found) != list(range(len(below))) or any(each is None for each in below):
            yield f"page {number}: marked content without an element"


def _numbers(tree: pikepdf.Object) -> dict[int, list[pikepdf.Object]]:
    """Read a number tree."""
    pairs = list(tree.get("/Nums", []))
    found = {int(key): list(value) for key, value in zip(pairs[::2], pairs[1::2], strict=True)}
    for kid in tree.get("/Kids", []):
        found |= _numbers(kid)
    return found


def _font_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    fonts = [each for each in pdf.objects if isinstance(each, pikepdf.Dictionary) and each.get("/Type") == "/Font"]
    composite = [font for font in fonts if font.Subtype == "/Type0"]
    if not composite:
        yield "no font"
    for font in composite:
        inner = font.DescendantFonts[0]
        if "/ToUnicode" not in font:
            yield f"{font.BaseFont}: no table of characters"
        if not {"/FontFile", "/FontFile2", "/FontFile3"} & {*inner.FontDescriptor.keys()}:
            yield f"{font.BaseFont}: not embedded"


def _attachment_faults(pdf: pikepdf.Pdf) -> Iterator[str]:
    files = [each.obj for each in pdf.attachments.values()]
    yield from _named(
        {
            "one attached file": len(files) == 1,
            "relationship of the attached file": all(str(each.get("/AFRelationship")) == "/Data" for each in files),
            "description of the attached file": all("/Desc" in each for each in files),
            "attached file of the document": len(pdf.Root.get("/AF", [])) == len(files),
        }
    )
