"""What a signal is about, in the words of the rules: its gateway's words, else our own few tables.

The gateway of panels brings category, kind and label along in `Signal.details`. GB/T 28181 alarms are told by method and
type (code "5/6": A.2.5 of GB/T 28181-2022), the platform's own signals by a word.
"""

from dataclasses import dataclass

from fengtai.domain.alarms import rules
from fengtai.domain.alarms.model import Qualifier, Signal, TriageLane
from fengtai.domain.alarms.rules import PRIORITY_OF_CATEGORY


@dataclass(frozen=True, slots=True)
class Words:
    category: str
    kind: str
    label: str
    label_zh: str = ""
    known: bool = True


PLATFORM = {
    "path-lost": Words("path-lost", "alarm", "alarm path lost", "报警线路中断"),
    "swinger": Words("trouble", "trouble", "swinger: the same zone again and again", "防区反复报警"),
}

TELEPHONE = {
    "fire": ("fire reported by telephone", "电话报火警"),
    "hold-up": ("robbery or violence reported by telephone", "电话报抢劫、暴力"),
    "medical": ("medical help asked for by telephone", "电话求助（医疗）"),
    "burglary": ("theft or break-in reported by telephone", "电话报盗窃、入室"),
    "technical": ("gas, water or other danger reported by telephone", "电话报燃气、水等险情"),
    "trouble": ("other matter reported by telephone", "电话报其他情况"),
}
"""category → what the alarm says, in English and Chinese"""

GB28181 = {
    "1": Words("burglary", "alarm", "telephone alarm", "电话报警"),
    "2": Words("burglary", "alarm", "device alarm", "设备报警"),
    "2/1": Words("trouble", "trouble", "video loss", "视频丢失报警"),
    "2/2": Words("trouble", "tamper-alarm", "device tamper", "设备防拆报警"),
    "2/3": Words("trouble", "trouble", "storage full", "存储设备磁盘满报警"),
    "2/4": Words("technical", "alarm", "device too hot", "设备高温报警"),
    "2/5": Words("technical", "alarm", "device too cold", "设备低温报警"),
    "3": Words("burglary", "alarm", "text message alarm", "短信报警"),
    "4": Words("burglary", "alarm", "position alarm", "GPS报警"),
    "5": Words("burglary", "alarm", "video alarm", "视频报警"),
    "5/1": Words("hold-up", "alarm", "manual video alarm", "人工视频报警"),
    "5/2": Words("burglary", "alarm", "moving object", "运动目标检测报警"),
    "5/3": Words("burglary", "alarm", "object left behind", "遗留物检测报警"),
    "5/4": Words("burglary", "alarm", "object removed", "物体移除检测报警"),
    "5/5": Words("burglary", "alarm", "line crossed", "绊线检测报警"),
    "5/6": Words("burglary", "alarm", "intrusion into an area", "入侵检测报警"),
    "5/7": Words("burglary", "alarm", "wrong direction", "逆行检测报警"),
    "5/8": Words("burglary", "alarm", "loitering", "徘徊检测报警"),
    "5/9": Words("technical", "alarm", "flow count", "流量统计报警"),
    "5/10": Words("technical", "alarm", "crowd density", "密度检测报警"),
    "5/11": Words("trouble", "trouble", "abnormal picture", "视频异常检测报警"),
    "5/12": Words("burglary", "alarm", "fast movement", "快速移动报警"),
    "5/13": Words("trouble", "trouble", "picture covered", "图像遮挡报警"),
    "6": Words("trouble", "trouble", "device fault", "设备故障报警"),
    "6/1": Words("trouble", "trouble", "disk fault", "存储设备磁盘故障报警"),
    "6/2": Words("trouble", "trouble", "fan fault", "存储设备风扇故障报警"),
    "7": Words("burglary", "alarm", "other alarm", "其他报警"),
}


def words_of(signal: Signal) -> Words:
    details = signal.details
    if "category" in details:
        category = details["category"]
        return Words(
            category if category in PRIORITY_OF_CATEGORY else "trouble",
            details.get("kind", "alarm"),
            details.get("label", "") or _plain(signal),
            details.get("label_zh", ""),
            known=details.get("known", "yes") != "no",
        )
    table = {"platform": PLATFORM, "gb28181": GB28181}.get(signal.code_system, {})
    found = table.get(signal.code) or table.get(signal.code.partition("/")[0])
    return found or Words("unmapped", "alarm", _plain(signal), known=False)


def lane_of(signal: Signal) -> TriageLane:
    """In which lane it waits to be judged. Asked for every signal before it is stored: quick."""
    category, is_restore = signal.details.get("category"), signal.qualifier is Qualifier.RESTORE
    if category is not None:
        return rules.lane_of(category, known=signal.details.get("known") != "no", is_restore=is_restore)
    words = words_of(signal)
    return rules.lane_of(words.category, known=words.known, is_restore=is_restore)


def _plain(signal: Signal) -> str:
    return f"{signal.code_system} {signal.code}".strip() or "unreadable signal"
