"""Prescribed actions (值机规定动作) per category of alarm, as data. Premises may bring their own instead."""

from collections.abc import Mapping, Sequence

from fengtai.domain.incidents.model import Step

_LOOK = ("查看现场图像，说明看到的情况", "Look at the pictures and note what they show")
_CALL = ("致电联系人核实，记录结果", "Call the keyholders and record the result")
_SEND = ("派出最近的可用力量", "Send the nearest free unit")
_NOTE = ("记录处置结果", "Note the result")

PRESCRIBED_STEPS: Mapping[str, Sequence[tuple[str, str]]] = {
    "fire": (
        _LOOK,
        ("立即通知消防（119），不等核实", "Tell the fire service (119) at once, without waiting for confirmation"),
        ("致电联系人：通知疏散，问明有无人员被困", "Call the keyholders: evacuate; ask whether anybody is trapped"),
        _SEND,
        _NOTE,
    ),
    "hold-up": (
        ("不得回拨现场电话", "Do not call the premises back"),
        _LOOK,
        ("派出力量，告知可能有持械人员", "Send a unit, warned that somebody may be armed"),
        ("力量到场后再联系联系人", "Call the keyholders only after the unit has arrived"),
        _NOTE,
    ),
    "medical": (
        ("通知急救（120）", "Tell the ambulance service (120)"),
        _CALL,
        _LOOK,
        ("确认入口畅通并有人引导", "Make sure that the entrance is open and somebody shows the way"),
        _NOTE,
    ),
    "burglary": (_LOOK, _CALL, _SEND, ("到场后检查周界与出入口", "On arrival check perimeter and entrances"), _NOTE),
    "technical": (
        _CALL,
        ("判断是否有燃气、漏水等危险，必要时派出力量", "Judge whether gas or water is a danger; send a unit if so"),
        ("通知维护单位", "Tell the maintenance contractor"),
        _NOTE,
    ),
    "path-lost": (
        ("查看同一区域是否有多处同时失联", "See whether others in the area were lost at the same time"),
        _CALL,
        _LOOK,
        ("原因不明时派出力量查看", "Send a unit to look when the cause is unknown"),
        _NOTE,
    ),
    "trouble": (_CALL, ("通知维护单位", "Tell the maintenance contractor"), _NOTE),
    "open-close": (_LOOK, _CALL, _NOTE),
    "test": (("核对是否为已登记的测试", "Check that the test was announced"), _NOTE),
}

ANY_CATEGORY: Sequence[tuple[str, str]] = (_LOOK, _CALL, _SEND, _NOTE)
"""For signals that nobody has mapped yet: treated with care, as if somebody needed help."""


def prescribed_steps(category: str, own: Sequence[str], *, first_index: int = 0) -> tuple[Step, ...]:
    """The steps of the premises when they have any, else those of the category."""
    texts = [(text, text) for text in own] if own else PRESCRIBED_STEPS.get(category, ANY_CATEGORY)
    return tuple(Step(index=index, text_zh=zh, text_en=en) for index, (zh, en) in enumerate(texts, first_index))
