"""What a sign-in name must be, and when two are the same."""

import unicodedata

from fengtai.vocabulary.errors import Invalid


def name_key(name: str) -> str:
    """The form in which names are compared: width, case and surrounding blanks do not tell people apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def checked_name(name: str) -> str:
    """Raise Invalid for what cannot be a sign-in name."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 2 <= len(name) <= 64 or any(unicodedata.category(c)[0] == "C" for c in name):
        raise Invalid("a sign-in name has 2 to 64 visible characters", field="name")
    return name
