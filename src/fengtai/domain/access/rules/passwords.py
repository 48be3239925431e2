"""What a password must be, by the profile that is set.

mlps3: GB/T 22239-2019 level 3, 8.1.4.1 a (complexity, regular change). asvs5: OWASP ASVS 5.0, 6.2.1 to 6.2.12 (length,
no composition rules, no rotation, not among the well-known ones). What both forbid: the name, and a well-known one with
decoration. The list of well-known ones is our own, in `well_known_passwords.txt`.
"""

from collections.abc import Callable
from functools import cache
from importlib import resources

from fengtai.domain.access.model import PasswordProfile
from fengtai.domain.access.rules.names import name_key
from fengtai.vocabulary.errors import Invalid

SHORTEST = {PasswordProfile.MLPS3: 10, PasswordProfile.ASVS5: 12}
MLPS3_CLASSES = 3
LONGEST_PASSWORD = 256
HISTORY = {PasswordProfile.MLPS3: 5, PasswordProfile.ASVS5: 1}
"""so many of the last ones are not taken again; the present one never is"""
KEPT_PASSWORDS = max(HISTORY.values())
_FEWEST_DIFFERENT = 5
_LEFT_BESIDE_KNOWN_WORDS = 6


def checked_password(
    password: str, *, name: str, profile: PasswordProfile = PasswordProfile.ASVS5, field: str = "password"
) -> str:
    """Raise Invalid, with what to do, for a password that the profile does not allow."""
    if len(password) > LONGEST_PASSWORD:
        raise Invalid(f"a password has at most {LONGEST_PASSWORD} characters", field=field)
    if len(password) < SHORTEST[profile]:
        raise Invalid(f"a password has at least {SHORTEST[profile]} characters", field=field)
    if profile is PasswordProfile.MLPS3 and _character_classes(password) < MLPS3_CLASSES:
        raise Invalid("a password mixes at least three of: capitals, small letters, digits, signs", field=field)
    plain, key = name_key(password), name_key(name)
    if plain == key or (len(key) >= 4 and key in plain):  # a name of two letters stands in many good passwords
        raise Invalid("the password must not contain the name", field=field)
    if len(set(plain)) < _FEWEST_DIFFERENT or _is_well_known(plain):
        raise Invalid("this password is among the first that are tried; choose words of your own", field=field)
    return password


def _is_well_known(plain: str) -> bool:
    left = plain
    for word in _well_known():
        left = left.replace(word, "")
    return len(left) < _LEFT_BESIDE_KNOWN_WORDS


@cache
def _well_known() -> tuple[str, ...]:
    """Longest first, so that `password` is found before `pass`."""
    lines = resources.files(__package__).joinpath("well_known_passwords.txt").read_text(encoding="utf-8").splitlines()
    words = {name_key(line) for line in lines if line.strip() and not line.startswith("#")}
    return tuple(sorted(words, key=lambda word: (-len(word), word)))


def _character_classes(text: str) -> int:
    tests: tuple[Callable[[str], bool], ...] = (str.isupper, str.islower, str.isdigit, lambda c: not c.isalnum())
    return sum(any(map(test, text)) for test in tests)
