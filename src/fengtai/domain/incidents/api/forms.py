"""What a console sends about incidents."""

from pydantic import BaseModel, Field

from fengtai.domain.access.model import Purpose
from fengtai.domain.incidents.api.moments import Moment
from fengtai.domain.incidents.model import CallResult, Disposition


class AlarmToTake(BaseModel):
    alarm_id: str = Field(max_length=32)
    with_folded: bool = Field(False, description="and the next 100 of those that the queue folds with it")


class StepMark(BaseModel):
    done: bool


class Note(BaseModel):
    text: str = Field(max_length=4000)


class CallMade(BaseModel):
    keyholder_id: str = Field(max_length=32)
    result: CallResult
    note: str = Field("", max_length=1000)


class UnitToSend(BaseModel):
    unit_id: str = Field(max_length=32)


class UnitWord(BaseModel):
    text: str = Field("", max_length=4000)


class Closing(BaseModel):
    disposition: Disposition | None = Field(None, description="must be given; left out, the answer says so in words")
    note: str = Field("", max_length=4000)
    version: int


class ClipViewAsked(BaseModel):
    purpose: Purpose
    reference: str = Field(
        "", max_length=64, description="number of the incident, case or letter; left out: the duty post of the session"
    )


class ClipViewAnswer(BaseModel):
    url: str
    expires_at: Moment
    purpose: Purpose
    reference: str
