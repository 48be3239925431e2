"""The witness, on another organisation's machine: `python -m fengtai_audit_verify.witness --url … --token-file …`.

Each run fetches the platform's newest checkpoint, looks whether it is signed and whether the log that it saw last time is
its beginning (RFC 6962 consistency proof), and only then adds its own cosignature and keeps it in a book of its own. A log
that was rolled back, forked or rewritten gets none, for good: the book stays at what was seen.

Exit status: 0 kept (or nothing new), 1 the log contradicts what was seen, 2 it could not be asked.
"""

import argparse
import json
import os
import sys
import urllib.error
import urllib.request
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from fengtai_audit_verify.checkpoints import Checkpoint, Signer, Unreadable, VerifierKey, read_checkpoints
from fengtai_audit_verify.cosignatures import WitnessSigner
from fengtai_audit_verify.key_changes import KeyChain
from fengtai_audit_verify.tree import begins_with

KEPT, CONTRADICTED, NOT_ASKED = 0, 1, 2
TIMEOUT_SECONDS = 30
LARGEST_ANSWER_BYTES = 1 << 20

Ask = Callable[[str], dict[str, Any]]
"""path below the platform's address → its JSON answer; raises Unreadable"""


class Contradiction(Exception):
    """What the platform signs now cannot follow what was seen."""


def main(arguments: Sequence[str] | None = None) -> int:
    asked = _parser().parse_args(arguments)
    try:
        witness = WitnessSigner(asked.name, asked.key)
        changes = asked.key_changes.read_text() if asked.key_changes else ""
        key = KeyChain(VerifierKey(asked.public_key.read_text()), changes)
        told = keep(asked.book, key, witness, asking(asked.url, asked.token_file), _now())
    except Contradiction as reason:
        print(f"THE LOG CONTRADICTS WHAT WAS SEEN: {reason}")
        return CONTRADICTED
    except (Unreadable, OSError, ValueError) as reason:
        print(f"NOT ASKED: {reason}")
        return NOT_ASKED
    print(f"{told}; the auditor's key of this witness: {witness.verifier}")
    return KEPT


def keep(book: Path, key: KeyChain, witness: WitnessSigner, ask: Ask, now_seconds: int) -> str:
    """What was done, for people. Raise Contradiction, Unreadable."""
    seen = _last_seen(book, key)
    note = str(ask("/api/audit/checkpoint").get("note", ""))
    newest = _one(note, key)
    if newest.origin != key.name:
        raise Contradiction(f"the checkpoint is of the log {newest.origin!r}, not {key.name!r}")
    if seen is not None:
        if newest.size < seen.size:
            raise Contradiction(f"{newest.size} lines are signed after {seen.size} were")
        if newest.size == seen.size and newest.root == seen.root:
            return f"nothing new over {seen.size} lines"
        if newest.size == seen.size:
            raise Contradiction(f"two roots were signed over {seen.size} lines")
        asked = f"/api/audit/consistency?old_size={seen.size}&new_size={newest.size}"
        path = [bytes.fromhex(step) for step in ask(asked).get("path", [])]
        if not begins_with(newest.size, newest.root, seen.size, seen.root, path):
            raise Contradiction(f"the log of {newest.size} lines does not begin with the {seen.size} that were seen")
    text = note.partition("\n\n")[0] + "\n"
    _append(book, note.rstrip("\n") + "\n" + witness.line(text, now_seconds))
    return f"{newest.size} lines seen and cosigned"


def asking(url: str, token_file: Path) -> Ask:
    """Over https, or to this machine itself. Raise Unreadable."""
    parts = urlsplit(url)
    if parts.scheme != "https" and not (parts.scheme == "http" and parts.hostname in ("127.0.0.1", "localhost", "::1")):
        raise Unreadable(f"{url}: a witness asks over https")
    token = token_file.read_text().strip()

    def ask(path: str) -> dict[str, Any]:
        request = urllib.request.Request(  # noqa: S310 - the scheme was looked at
            url.rstrip("/") + path, headers={"Authorization": f"Bearer {token}"}
        )
        try:
            with urllib.request.urlopen(request, timeout=TIMEOUT_SECONDS) as answer:  # noqa: S310 - as above
                told = json.loads(answer.read(LARGEST_ANSWER_BYTES))
        except (urllib.error.URLError, ValueError, OSError) as error:
            raise Unreadable(f"{url}{path.partition('?')[0]}: {error}") from error
        if not isinstance(told, dict):
            raise Unreadable(f"{url}{path.partition('?')[0]}: no JSON object")
        return told

    return ask


def _last_seen(book: Path, key: Signer) -> Checkpoint | None:
    if not book.exists():
        return None
    found, torn = read_checkpoints(book.read_text(encoding="utf-8"), key)
    if torn:
        raise Unreadable(f"the end of {book} is cut short: remove the last note, it was told to nobody")
    if any(not one.is_signed for one in found):
        raise Unreadable(f"{book} holds a checkpoint that is not of this log")
    return found[-1] if found else None


def _one(note: str, key: Signer) -> Checkpoint:
    found, torn = read_checkpoints(note.rstrip("\n") + "\n\n", key)
    if len(found) != 1 or torn:
        raise Unreadable("the platform's answer is not one checkpoint")
    if not found[0].is_signed:
        raise Contradiction("the checkpoint is not signed by the key that the witness was given")
    return found[0]


def _append(book: Path, note: str) -> None:
    with book.open("ab") as file:
        file.write(note.encode() + b"\n")
        file.flush()
        os.fsync(file.fileno())


def _now() -> int:
    return round(datetime.now(UTC).timestamp())  # noqa: TID251 - it has no other clock


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="fengtai-audit-witness", description=(__doc__ or "").partition("\n")[0])
    parser.add_argument("--url", required=True, help="the platform, such as https://fengtai.example")
    parser.add_argument("--token-file", type=Path, required=True, help="file with an API token that may see the audit")
    parser.add_argument("--public-key", type=Path, required=True, help="the log's public key, carried away on day one")
    parser.add_argument("--key-changes", type=Path, help="the platform's file of key changes, if there is one")
    parser.add_argument("--name", required=True, help="this witness, such as witness.court.example")
    parser.add_argument("--key", type=Path, required=True, help="this witness's own key; made when it is not there")
    parser.add_argument("--book", type=Path, required=True, help="where it keeps what it has seen: for --carried")
    return parser


if __name__ == "__main__":
    sys.exit(main())
