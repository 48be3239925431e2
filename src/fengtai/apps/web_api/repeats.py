"""`Idempotency-Key` on POST: a request that is sent again is answered again, not done again.

After draft-ietf-httpapi-idempotency-key-header. How the claim becomes durable with the act: `storage.request_keys`. A
refusal that wrote nothing keeps no key; whatever answer followed after something was written is the answer of the key.
"""

import base64
import hashlib
import json
from dataclasses import dataclass, field

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fengtai.apps.web_api.bodies import replay
from fengtai.apps.web_api.problems import of_error, problem
from fengtai.domain.access.model import Actor
from fengtai.domain.access.ports import Vault
from fengtai.storage.request_keys import CLAIM, Claim, RepeatedRequest, RequestKeys
from fengtai.vocabulary.clock import Clock
from fengtai.vocabulary.errors import FengtaiError, Kind
from fengtai.vocabulary.transactions import Transactions

HEADER = "idempotency-key"
LONGEST_KEY = 128
KEPT_MS = 24 * 3600 * 1000
SWEEP_SECONDS = 600.0
LARGEST_ANSWER_BYTES = 1 << 18
_KEPT_HEADERS = ("content-type", "location", "etag", "cache-control")


class AnsweredRequests:
    """The book of keyed requests. Answers are sealed: some show a secret once."""

    def __init__(self, transactions: Transactions, vault: Vault, clock: Clock) -> None:
        self._transactions, self._vault, self._clock = transactions, vault, clock
        self._swept_at = float("-inf")

    async def found(self, claim: Claim) -> "_Answer | None":
        """The answer of before. Raise RepeatedRequest while there is none."""
        kept = await self._transactions.read(lambda uow: uow.store(RequestKeys).find(claim.user_id, claim.key))
        if kept is None:
            return None
        if kept.request_sha256 != claim.request_sha256:
            raise OtherRequest(
                "This Idempotency-Key was used for another request. Every request needs a key of its own."
            )
        if not kept.answer:
            raise RepeatedRequest
        return _Answer.read(self._vault.open(kept.answer, label=_label(claim)))

    async def keep(self, claim: Claim, answer: "_Answer") -> None:
        sealed = self._vault.seal(answer.written(), label=_label(claim))
        await self._transactions.write(lambda uow: uow.store(RequestKeys).keep_answer(claim, sealed))

    async def tick(self) -> None:
        """Forget keys of more than a day ago; looks every ten minutes."""
        now = self._clock.now()
        if now.monotonic - self._swept_at >= SWEEP_SECONDS:
            self._swept_at = now.monotonic
            await self._transactions.write(lambda uow: uow.store(RequestKeys).forget_before(now.utc_ms - KEPT_MS))


class OtherRequest(FengtaiError):
    """Answered with 422."""


@dataclass(slots=True)
class _Answer:
    status: int = 500
    headers: list[tuple[str, str]] = field(default_factory=list)
    body: bytes = b""

    def written(self) -> bytes:
        told = {"status": self.status, "headers": self.headers, "body": base64.b64encode(self.body).decode()}
        return json.dumps(told).encode()

    @staticmethod
    def read(written: bytes) -> "_Answer":
        told = json.loads(written)
        headers = [(str(name), str(value)) for name, value in told["headers"]]
        return _Answer(int(told["status"]), headers, base64.b64decode(told["body"]))


class Repeatable:
    """Stands behind the gate, around one POST route."""

    def __init__(self, app: ASGIApp, answered: AnsweredRequests) -> None:
        self._app, self._answered = app, answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        sent = Headers(scope=scope).getlist(HEADER)
        actor = scope.get("state", {}).get("actor")
        if not sent or not isinstance(actor, Actor):
            await self._app(scope, receive, send)
            return
        key = sent[0].strip().removeprefix('"').removesuffix('"')
        if len(sent) != 1 or not 1 <= len(key) <= LONGEST_KEY or not key.isascii() or not key.isprintable():
            sentence = f"An Idempotency-Key is one text of 1 to {LONGEST_KEY} ASCII characters, such as a UUID."
            await problem(Kind.INVALID, sentence, status=400)(scope, receive, send)
            return
        body = (await receive()).get("body", b"")
        claim = Claim(actor.user_id, key, _fingerprint(scope, body))
        try:
            before = await self._answered.found(claim)
        except FengtaiError as error:
            await of_error(error)(scope, receive, send)
            return
        if before is not None:
            await _say(before, send, replayed=True)
            return
        await self._once(claim, scope, replay(body, receive), send)

    async def _once(self, claim: Claim, scope: Scope, receive: Receive, send: Send) -> None:
        heard: list[Message] = []

        async def hear(message: Message) -> None:
            heard.append(message)

        token = CLAIM.set(claim)
        try:
            await self._app(scope, receive, hear)
        finally:
            claim.over = True
            CLAIM.reset(token)
        answer = _answer_of(heard)
        if claim.made and len(answer.body) <= LARGEST_ANSWER_BYTES:
            await self._answered.keep(claim, answer)
        for message in heard:
            await send(message)


def _answer_of(heard: list[Message]) -> _Answer:
    answer = _Answer()
    for message in heard:
        if message["type"] == "http.response.start":
            answer.status = message["status"]
            headers = Headers(raw=message["headers"])
            answer.headers = [(name, headers[name]) for name in _KEPT_HEADERS if name in headers]
        elif message["type"] == "http.response.body":
            answer.body += message.get("body", b"")
    return answer


async def _say(answer: _Answer, send: Send, *, replayed: bool) -> None:
    headers = [*answer.headers, ("content-length", str(len(answer.body)))]
    if replayed:
        headers.append(("idempotency-replayed", "true"))
    raw = [(name.encode("latin-1"), value.encode("latin-1")) for name, value in headers]
    await send({"type": "http.response.start", "status": answer.status, "headers": raw})
    await send({"type": "http.response.body", "body": answer.body})


def _fingerprint(scope: Scope, body: bytes) -> bytes:
    parts = (scope["method"].encode(), scope["path"].encode(), scope.get("query_string", b""), body)
    return hashlib.sha256(b"".join(len(part).to_bytes(4, "big") + part for part in parts)).digest()


def _label(claim: Claim) -> str:
    return f"request-key:{claim.user_id}:{claim.key}"
