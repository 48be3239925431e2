"""MANSCDP bodies: bytes to a tree, tolerant of what devices really send (GB/T 28181-2022 annex A; character sets 2.3).

Owns: character sets, the repair pass, salvage of a broken document item by item. Document types and entities are refused.
Python's expat does not read GB charsets, so bytes are decoded here and the XML declaration is taken off.
"""

import re
from dataclasses import dataclass
from xml.etree import ElementTree
from xml.etree.ElementTree import Element

from fengtai.vocabulary.errors import Malformed

CLAUSE = "GB/T 28181-2022 annex A"
MAX_BODY_BYTES = 8 * 1024 * 1024
"""ten thousand items, the most of a message (A.2.6.4), of 800 bytes each"""
MOST_ITEMS = 10_000
LONGEST_NAME = 40

_DECLARED = re.compile(rb"encoding\s*=\s*[\"']([A-Za-z0-9_.\-]{1,20})[\"']")
_MARKS = ((b"\xef\xbb\xbf", "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_MARKUP = re.compile(rb"[^<>]*[\x80-\xff][^<>]*")
_BARE_AMPERSAND = re.compile(r"&(?!(?:amp|lt|gt|quot|apos|#\d{1,7}|#x[0-9a-fA-F]{1,6});)")
_CONTROL = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]")
_DECLARATION = re.compile("<!(?:DOCTYPE|ENTITY|ELEMENT)", re.IGNORECASE)
_ROOT = re.compile(r"<\s*(Control|Query|Notify|Response)\b[^>]{0,200}>", re.IGNORECASE)
_LEAF = re.compile(r"<([A-Za-z]\w{0,40})>([^<>]{0,4096})</\1\s*>")
_ITEM = re.compile(r"<Item\b[^>]{0,100}>(.*?)(?=</Item\s*>|<Item\b|</DeviceList|\Z)", re.DOTALL | re.IGNORECASE)


@dataclass(frozen=True, slots=True)
class Document:
    """A body whose head is known. `salvaged` tells that it was not well-formed and what could be read was kept."""

    root: str
    """ "Control", "Query", "Notify" or "Response" """
    command: str
    sn: int
    device_id: str
    tree: Element
    salvaged: bool = False


def parse_document(body: bytes, charset: str = "") -> Document:
    """Raise Malformed when not even CmdType can be read, or when there is a document type or an entity."""
    if len(body) > MAX_BODY_BYTES:
        raise Malformed(f"a body of {len(body)} bytes", clause=CLAUSE)
    text = _repaired(decode_body(body, charset))
    found = _ROOT.search(text)
    if found is None:
        raise Malformed("no Control, Query, Notify or Response", clause=CLAUSE, data=body)
    root = found[1].capitalize()
    text = text[found.start() :]
    end = text.lower().rfind(f"</{root.lower()}")
    close = text.find(">", end) if end >= 0 else -1
    salvaged = False
    try:
        tree = ElementTree.fromstring(text[: close + 1] if close >= 0 else text)  # noqa: S314 - no DTD can be left
    except ElementTree.ParseError:
        tree, salvaged = _salvaged(root, text), True
    except (ValueError, RecursionError) as error:
        raise Malformed(f"XML cannot be read: {error}", clause=CLAUSE, data=body) from None
    command = text_of(tree, "CmdType")[:LONGEST_NAME]
    if not command:
        raise Malformed("no CmdType", clause=CLAUSE, data=body)
    return Document(root, command, number_of(tree, "SN") or 0, text_of(tree, "DeviceID")[:LONGEST_NAME], tree, salvaged)


def decode_body(body: bytes, charset: str = "") -> str:
    """What the bytes are, whatever they say they are. In this order: a charset that was chosen for this device; a byte
    order mark; UTF-8, when it cannot be anything else; the declared charset; piece by piece; GB 18030 with replacement.
    GB2312 and GBK are read as GB 18030, which holds both."""
    if charset:
        return body.decode("utf-8" if charset == "utf-8" else "gb18030", "replace")
    if body.isascii():
        return body.decode("ascii")
    for mark, codec in _MARKS:
        if body.startswith(mark):
            return body[len(mark) :].decode(codec, "replace")
    utf8 = _strictly(body, "utf-8")
    if utf8 is not None and _is_surely_utf8(utf8):
        return utf8
    declared = _DECLARED.search(body, 0, 200)
    says_gb = declared is not None and declared[1].lower().startswith((b"gb", b"cp936", b"x-gbk"))
    if utf8 is not None and not says_gb:
        return utf8
    gb = _strictly(body, "gb18030")
    return gb if gb is not None else _MARKUP.sub(_decoded_piece, body).decode("utf-8", "replace")


def _strictly(body: bytes, codec: str) -> str | None:
    try:
        return body.decode(codec)
    except UnicodeDecodeError:
        return None


def _is_surely_utf8(text: str) -> bool:
    """Strict UTF-8 of nothing but Chinese letters and signs is no GB 2312 text by chance: it would need three pairs of
    rare letters in the right order. Letters of other scripts may well be one."""
    return all(
        letter < "\x80"
        or "\u3000" <= letter <= "\u9fff"
        or "\u2000" <= letter <= "\u22ff"
        or "\uff00" <= letter <= "\uffef"
        for letter in text
    )


def _decoded_piece(found: re.Match[bytes]) -> bytes:
    """Text between two tags, as UTF-8: a recorder passes the names of its cameras on as each of them sent it. Neither
    "<" nor ">" is ever the second byte of a GB letter."""
    piece = found[0]
    text = _strictly(piece, "utf-8")
    if text is None or not _is_surely_utf8(text):
        text = piece.decode("gb18030", "replace")
    return text.encode("utf-8")


def child(element: Element, name: str) -> Element | None:
    """The first child of this name, in any letter case (2022 names are not written alike everywhere)."""
    found = element.find(name)
    if found is not None:
        return found
    lower = name.lower()
    for one in element:
        if isinstance(one.tag, str) and one.tag.lower() == lower:
            return one
    return None


def text_of(element: Element | None, name: str) -> str:
    if element is None:
        return ""
    found = child(element, name)
    return (found.text or "").strip() if found is not None else ""


def number_of(element: Element | None, name: str) -> int | None:
    text = text_of(element, name)
    return int(text) if text.isascii() and text.isdigit() and len(text) <= 10 else None


def decimal_of(element: Element | None, name: str) -> float | None:
    try:
        value = float(text_of(element, name))
    except ValueError:
        return None
    return value if -1e6 < value < 1e6 else None


def items_of(tree: Element, list_name: str) -> list[Element]:
    listed = child(tree, list_name)
    if listed is None:
        return []
    return [one for one in listed if isinstance(one.tag, str) and one.tag.lower() == "item"][:MOST_ITEMS]


def _repaired(text: str) -> str:
    """Drop control characters and the XML declaration, escape bare ampersands; refuse DTD and entities."""
    text = _CONTROL.sub("", text)
    if "<!" in text and _DECLARATION.search(text):
        raise Malformed("a document type or an entity is refused", clause=CLAUSE)
    return _BARE_AMPERSAND.sub("&amp;", text) if "&" in text else text


def _salvaged(root: str, text: str) -> Element:
    """A tree of the leaves that can be read; every Item by itself, so that one bad item costs only itself."""
    tree = Element(root)
    first_item = re.search(r"<Item\b", text, re.IGNORECASE)
    head = text[: first_item.start()] if first_item else text
    _add_leaves(tree, head)
    if first_item:
        listed = ElementTree.SubElement(tree, "DeviceList")
        for found in _ITEM.finditer(text):
            item = ElementTree.SubElement(listed, "Item")
            _add_leaves(item, found[1])
            if len(listed) >= MOST_ITEMS:
                break
    return tree


def _add_leaves(parent: Element, text: str) -> None:
    for name, value in _LEAF.findall(text):
        if child(parent, name) is None:
            leaf = ElementTree.SubElement(parent, name)
            leaf.text = value.replace("&lt;", "<").replace("&gt;", ">").replace("&amp;", "&")
