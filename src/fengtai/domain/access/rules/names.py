"""What a sign-in name must be, and when two are the same."""

import unicodedata

from fengtai.vocabulary.errors import Invalid

MOST_SHOWN_CHARACTERS = 120


def name_key(name: str) -> str:
    """The form in which names are compared: width, case and surrounding blanks do not tell people apart."""
    return unicodedata.normalize("NFKC", name).casefold().strip()


def checked_name(name: str) -> str:
    """Raise Invalid for what cannot be a sign-in name."""
    name = unicodedata.normalize("NFC", name).strip()
    if not 2 <= len(name) <= 64 or any(unicodedata.category(c)[0] == "C" for c in name):
        raise Invalid("a sign-in name has 2 to 64 visible characters", field="name")
    return name


def checked_display_name(display_name: str, name: str) -> str:
    """What colleagues read, the sign-in name when it is left out. Raise Invalid for line breaks and for signs that turn the
    direction of writing: they make a line of a list or of the audit say something else."""
    shown = unicodedata.normalize("NFC", display_name).strip() or name
    if len(shown) > MOST_SHOWN_CHARACTERS or any(unicodedata.category(c)[0] == "C" for c in shown):
        raise Invalid(f"a name has at most {MOST_SHOWN_CHARACTERS} visible characters", field="display_name")
    return shown
