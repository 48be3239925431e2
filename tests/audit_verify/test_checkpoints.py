"""Whatever a file of checkpoints or a key holds, the tool reads it or says that it cannot."""

import base64
import contextlib
import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fengtai.domain.audit import rules
from fengtai.vocabulary.errors import Malformed
from fengtai_audit_verify.checkpoints import Unreadable, VerifierKey, read_checkpoints


def verifier_key(name: str = "city") -> VerifierKey:
    typed = b"\x01" + bytes(32)
    key_hash = hashlib.sha256(name.encode() + b"\n" + typed).digest()[:4].hex()
    return VerifierKey(f"{name}+{key_hash}+{base64.b64encode(typed).decode()}")


NOTE_LIKE = st.lists(
    st.sampled_from(
        ["city", "\n", "\n\n", "12", "-1", "\u2014 city ", "AAAA", "=", base64.b64encode(bytes(68)).decode()]
    )
    | st.text(max_size=5),
    max_size=20,
).map("".join)


@given(NOTE_LIKE | st.text())
def test_any_file_of_checkpoints_is_read_or_refused(text: str) -> None:
    with contextlib.suppress(Unreadable):
        checkpoints, _ = read_checkpoints(text, verifier_key())
        assert not any(checkpoint.is_signed for checkpoint in checkpoints)
    with contextlib.suppress(Malformed):
        rules.read_checkpoint(text)


@given(st.text())
def test_any_key_is_read_or_refused(text: str) -> None:
    with pytest.raises(Unreadable):
        VerifierKey(text)


@pytest.mark.parametrize("text", ["city+00000000+AQ==", "city+zz+", "a+b+c+d", "city"])
def test_keys_that_are_not_keys(text: str) -> None:
    with pytest.raises(Unreadable):
        VerifierKey(text)
