"""The panel's side of DC-09: numbers messages, reads answers, repeats. Used by the simulator; the receiver's mirror.

5.6.1.1: an answer is awaited for 20 seconds, a message is sent three times, then the next receiver is tried.
"""

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import Enum

from fengtai.protocols.sia_dc09.framing import FrameScanner
from fengtai.protocols.sia_dc09.messages import Message, encode, open_envelope, read_rest
from fengtai.vocabulary.clock import Instant
from fengtai.vocabulary.errors import Malformed

ANSWER_SECONDS = 20.0
ATTEMPTS = 3


class Answer(Enum):
    ACKNOWLEDGED = "acknowledged"
    TIME_REFUSED = "time-refused"
    NOT_UNDERSTOOD = "not-understood"


@dataclass(frozen=True, slots=True)
class Answered:
    """An answer of the receiver; `sequence` tells to which message ("0000" for a NAK)."""

    answer: Answer
    sequence: str


class Dialler:
    """Makes the frames of one panel. Keeps the sequence number and the correction of its clock."""

    def __init__(
        self,
        account: str,
        *,
        receiver: str | None = None,
        line: str | None = "0",
        key: bytes | None = None,
        binary_crc: bool = False,
        first_sequence: int = 1,
    ) -> None:
        self._account, self._receiver, self._line = account, receiver, line
        self._key, self._binary_crc = key, binary_crc
        self._sequence = first_sequence - 1
        self._scanner = FrameScanner()
        self.clock_correction = timedelta()
        """what this panel adds to the true time; a NAK sets it"""

    def message(
        self,
        form: str,
        content: str,
        *,
        now: Instant,
        extended: tuple[tuple[str, str], ...] = (),
        stamped: bool = False,
    ) -> Message:
        """The next message of this panel (sequence 0001 to 9999, then 0001 again)."""
        self._sequence = self._sequence % 9999 + 1
        return Message(
            form=form,
            sequence=f"{self._sequence:04d}",
            receiver=self._receiver,
            line=self._line,
            account=self._account,
            content=content,
            inner_account=None if form == "NULL" else self._account,
            extended=extended,
            timestamp=self._panel_time(now) if stamped or self._key else None,
            encrypted=self._key is not None,
        )

    def frame(self, message: Message) -> bytes:
        return encode(message, self._key, binary_crc=self._binary_crc)

    def receive_data(self, data: bytes, *, now: Instant) -> list[Answered]:
        """The answers in these bytes. After TIME_REFUSED the panel's clock is set; send the event again as a new
        message."""
        answers = []
        for frame in self._scanner.receive_data(data):
            if not frame.crc_ok:
                continue
            try:
                envelope = open_envelope(frame.body)
            except Malformed:
                continue
            head = envelope.head
            if head.form == "NAK":
                self._set_clock(frame.body, now)
                answers.append(Answered(Answer.TIME_REFUSED, head.sequence))
            elif head.form in ("ACK", "RSP"):
                answers.append(Answered(Answer.ACKNOWLEDGED, head.sequence))
            elif head.form == "DUH":
                answers.append(Answered(Answer.NOT_UNDERSTOOD, head.sequence))
        return answers

    def _panel_time(self, now: Instant) -> datetime:
        return (now.utc + self.clock_correction).astimezone(UTC).replace(microsecond=0)

    def _set_clock(self, body: bytes, now: Instant) -> None:
        told = read_rest(open_envelope(body)).timestamp
        if told is not None:
            self.clock_correction = told - now.utc
