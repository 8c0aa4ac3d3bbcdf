"""A request as a piece of XML with {places}, filled in by escaped values.

The template is parsed once, so that a mistake in it is told at the start and no value can ever
change the document's structure. What a charge has no value for is left out: the attribute whose
text names it, or the element.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from xml.sax.saxutils import escape

from lxml import etree

from bot.errors import GatewayError, did_you_mean
from bot.paying.gateways.xml_parser import parsed

_PLACE = re.compile(r"\{([A-Za-z_]+)\}")
_NOT_XML = re.compile("[^\t\n\r\x20-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_ESCAPED = {'"': "&quot;", "'": "&apos;", "\t": "&#9;", "\n": "&#10;", "\r": "&#13;"}
_DECLARATION = '<?xml version="1.0" encoding="UTF-8"?>\n'


class XmlTemplate:
    """Text with {places} that is well-formed XML whatever is put in."""

    def __init__(self, setting: str, text: str, allowed: frozenset[str]) -> None:
        """setting: its key, for errors. allowed: names of places that may stand in it.

        Raises GatewayError for what is no XML, or names a place that is not allowed.
        """
        root = parsed(text.strip().encode())
        if root is None:
            raise GatewayError(
                f"{setting}: not well-formed XML, or with a document type, which is not allowed"
            )
        self._root = root
        self._without: dict[frozenset[str], str] = {}
        self.places = frozenset(places_in(setting, _texts(root), allowed))

    def filled(self, values: Mapping[str, str | None]) -> bytes | None:
        """The document, UTF-8. None for a value that no XML document can hold."""
        absent = frozenset(name for name in self.places if values[name] is None)
        if absent not in self._without:
            self._without[absent] = _serialised_without(self._root, absent)
        present = {name: value for name, value in values.items() if value is not None}
        if any(_NOT_XML.search(present[name]) for name in self.places - absent):
            return None
        document = _PLACE.sub(
            lambda place: escape(present[place[1]], _ESCAPED), self._without[absent]
        )
        return document.encode()


def places_in(setting: str, texts: Iterator[str], allowed: frozenset[str]) -> Iterator[str]:
    """The names of the {places} in some texts. Raises GatewayError for one that is not allowed."""
    for text in texts:
        for name in _PLACE.findall(text):
            if name not in allowed:
                raise GatewayError(
                    f"{setting}: there is no {{{name}}} here{did_you_mean(name, allowed)}; "
                    f"there is {', '.join(sorted(allowed))}"
                )
            yield name


def _texts(root: etree._Element) -> Iterator[str]:
    for element in root.iter():
        yield from (element.text or "", element.tail or "")
        yield from (str(value) for value in element.attrib.values())


def _serialised_without(root: etree._Element, absent: frozenset[str]) -> str:
    """The template as text, less what names an absent value."""
    copy = etree.fromstring(etree.tostring(root))
    for element in list(copy.iter()):
        for name, value in list(element.attrib.items()):
            if absent.intersection(_PLACE.findall(str(value))):
                del element.attrib[name]
        if absent.intersection(_PLACE.findall(element.text or "")):
            parent = element.getparent()
            if parent is None:
                element.text = None
            else:
                _remove(parent, element)
    return _DECLARATION + etree.tostring(copy, encoding="unicode", with_tail=False)


def _remove(parent: etree._Element, element: etree._Element) -> None:
    """lxml removes with an element the text that follows it; that stays here."""
    before = element.getprevious()
    if element.tail:
        if before is None:
            parent.text = (parent.text or "") + element.tail
        else:
            before.tail = (before.tail or "") + element.tail
    parent.remove(element)
