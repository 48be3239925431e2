"""Search: how text is folded and cut into overlapping pairs of characters, and what a search asks for.

Trigram indexes cannot match Chinese words of two characters, so we cut ourselves: every pair of neighbours is a token,
and the last character of a run is one too, so that a single character is the beginning of a token. Pairs may stand
apart in a text that holds them all: a hit is only a candidate until `speaks_of` has looked.
"""

import unicodedata
from collections.abc import Iterator

from fengtai.domain.points.model import Point, Term

MOST_TERMS = 6
LONGEST_TEXT = 100


def folded(text: str) -> str:
    """The form in which texts are compared: width, case and kinds of blanks do not tell them apart."""
    return " ".join(unicodedata.normalize("NFKC", text).casefold().split())


def grams(*texts: str) -> tuple[str, ...]:
    """The tokens of these texts, each once, in order."""
    found: dict[str, None] = {}
    for text in texts:
        for run in _runs(folded(text)):
            for start in range(len(run) - 1):
                found[run[start : start + 2]] = None
            found[run[-1]] = None
    return tuple(found)


def searched_grams(text: str) -> tuple[str, ...]:
    """The tokens by which a search finds candidates: the pairs of runs of two and more, single characters as they are."""
    found: dict[str, None] = {}
    for run in _runs(text):
        for start in range(len(run) - 1):
            found[run[start : start + 2]] = None
        if len(run) == 1:
            found[run] = None
    return tuple(found)


def terms(text: str) -> tuple[Term, ...]:
    """What somebody typed, word by word; the longest first, because it lets the fewest through."""
    words = sorted(list(dict.fromkeys(folded(text[:LONGEST_TEXT]).split()))[:MOST_TERMS], key=len, reverse=True)
    return tuple(
        Term(text=word, grams=searched_grams(word), digits=word if word.isascii() and word.isdigit() else "")
        for word in words
    )


def speaks_of(point: Point, term: Term) -> bool:
    """Whether this point is meant by the word."""
    if term.text in folded(point.name) or term.text in folded(point.address):
        return True
    if term.digits and (str(point.number).startswith(term.digits) or point.code.startswith(term.digits)):
        return True
    if point.organisation_id in term.organisation_ids:
        return True
    return any(point.area_code.startswith(code) for code in term.area_codes)


def _runs(text: str) -> Iterator[str]:
    """Stretches of letters, marks and digits."""
    start = None
    for at, character in enumerate(text):
        is_word = unicodedata.category(character)[0] in "LMN"
        if is_word and start is None:
            start = at
        elif not is_word and start is not None:
            yield text[start:at]
            start = None
    if start is not None:
        yield text[start:]
