"""The scope charter: what Fengtai never does, as data. Whoever loads a plug-in obeys it, and anybody may ask for it.

A plug-in says in `CAPABILITIES` what it can do, in these words. A forbidden word refuses it with the clause; so does a
word that nobody knows, because a new name for an old thing must not pass. A plug-in from elsewhere that says nothing is
refused too: saying that there is nothing is one empty tuple.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass
from typing import Any

from fastapi import APIRouter
from pydantic import BaseModel

from fengtai.domain.access.model import public
from fengtai.vocabulary.errors import Forbidden

CHARTER_VERSION = 1


@dataclass(frozen=True, slots=True)
class Clause:
    id: str
    capability: str
    zh: str
    en: str
    sources: tuple[str, ...] = ()
    """rows of the catalogue of functions that ask for it, and are answered by this refusal"""


CHARTER: Sequence[Clause] = (
    Clause("C1", "face-recognition", "不做人脸识别或人像比对", "no face recognition or matching", ("N8",)),
    Clause("C2", "person-re-identification", "不做跨摄像机的人员重识别或跟踪",
           "no re-identification or following of a person from camera to camera", ("N8", "N9")),
    Clause("C3", "person-watch-list", "不做人员布控名单", "no watch-lists of persons", ("N9",)),
    Clause("C4", "phone-identity-capture", "不采集手机身份标识", "no capture of phone identities", ("N10",)),
    Clause("C5", "plate-passage-store", "不存储、不检索车牌过车记录", "no store or search of number-plate passages",
           ("N6", "N7", "E10")),
    Clause("C6", "personal-data-fusion", "不关联个人的出行、住宿、消费、通信数据",
           "no fusing of people's travel, lodging, spending or communication data", ("N11",)),
    Clause("C7", "person-prediction", "不对个人作任何预测", "no prediction about persons", ("A20", "N12")),
    Clause("C8", "biometric-output", "分析只描述场景，不输出任何人的身份或生物特征",
           "analysis speaks of scenes, never of who somebody is", ("N1", "N8")),
    Clause("C9", "vehicle-track-store", "车辆位置仅限已同意的车队、报警时及短时缓存",
           "positions of vehicles are kept only for fleets that have consented, for alarms and a short buffer",
           ("A7", "A8")),
)  # fmt: skip

ALLOWED = frozenset(
    {
        "alarm-intake",
        "alarm-output",
        "device-signalling",
        "device-control",
        "live-media",
        "recorded-media",
        "voice",
        "consented-fleet-position",
        "scene-analysis",
        "messages-to-duty",
    }
)
"""What a plug-in may say of itself. A new word is a decision, taken with the charter in hand."""

_FORBIDDEN = {clause.capability: clause for clause in CHARTER}
_OUR_OWN = "fengtai.gateways."


class CharterForbids(Forbidden):
    """A plug-in can do what Fengtai never does, or does not say what it can."""


def check_plugin(name: str, module: Any) -> None:
    """Raise CharterForbids, naming the clause."""
    declared = getattr(module, "CAPABILITIES", None)
    if declared is None:
        if str(getattr(module, "__name__", "")).startswith(_OUR_OWN):
            return
        raise CharterForbids(f"the plug-in {name} does not say what it can do: it needs CAPABILITIES, be it empty")
    check_capabilities(name, declared)


def check_capabilities(name: str, declared: Collection[str]) -> None:
    if isinstance(declared, str):
        raise CharterForbids(f"the plug-in {name}: CAPABILITIES is a list of words, not one text")
    for word in declared:
        if clause := _FORBIDDEN.get(str(word)):
            raise CharterForbids(
                f"the plug-in {name} declares {word}: the charter forbids it, clause {clause.id}: {clause.en} ({clause.zh})"
            )
        if word not in ALLOWED:
            raise CharterForbids(
                f"the plug-in {name} declares {str(word)[:60]!r}, which is none of the words of the charter: "
                f"{', '.join(sorted(ALLOWED))}"
            )


class ClauseView(BaseModel):
    id: str
    capability: str
    zh: str
    en: str
    sources: list[str]


class CharterView(BaseModel):
    version: int
    never: list[ClauseView]
    plugins_may: list[str]


def charter_routes() -> APIRouter:
    routes = APIRouter(tags=["system"])

    @routes.get("/api/charter", openapi_extra=public())
    async def charter() -> CharterView:
        """What this platform never does; the loader of plug-ins obeys it."""
        return CharterView(
            version=CHARTER_VERSION,
            never=[
                ClauseView(id=each.id, capability=each.capability, zh=each.zh, en=each.en, sources=list(each.sources))
                for each in CHARTER
            ],
            plugins_may=sorted(ALLOWED),
        )

    return routes
