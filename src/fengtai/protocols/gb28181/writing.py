"""MANSCDP values to bytes. Element names as the standard prints them; GB 18030 under the name that the edition knows."""

from fengtai.protocols.gb28181.items import item_lines, leaf
from fengtai.protocols.gb28181.messages import (
    AlarmNotice,
    AlarmResponse,
    CatalogPage,
    Control,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    Query,
    SnapshotOrder,
    Spoken,
)
from fengtai.protocols.gb28181.notices import beijing_text, notice_parts

Lines = list[str]
EDITION_2022 = "3.0"


def write_message(message: Spoken, *, edition: str = "2.0", charset: str = "", declares: str = "") -> bytes:
    """The body of a MESSAGE. 2011 and 2016 declare GB2312, 2022 declares GB18030; the bytes are GB 18030 always, unless
    the device wants "utf-8". `declares`: another name than that of the bytes, as faulty devices do it."""
    root, command, inner = _parts(message)
    declared = declares or ("UTF-8" if charset == "utf-8" else "GB18030" if edition == EDITION_2022 else "GB2312")
    lines = [
        f'<?xml version="1.0" encoding="{declared}"?>',
        f"<{root}>",
        leaf("CmdType", command),
        leaf("SN", message.sn),
        leaf("DeviceID", message.device_id),
        *inner,
        f"</{root}>",
        "",
    ]
    return "\r\n".join(lines).encode("utf-8" if charset == "utf-8" else "gb18030", "replace")


def key_frame(sn: int, channel_id: str, *, spelling: str) -> Control:
    """The wish for a key frame: misspelt IFameCmd until 2016, IFrameCmd in 2022; which one a device knows is its own."""
    return Control(sn=sn, device_id=channel_id, commands={spelling: "Send"})


def reset_alarm(sn: int, channel_id: str) -> Control:
    return Control(sn=sn, device_id=channel_id, commands={"AlarmCmd": "ResetAlarm"})


def guard(sn: int, channel_id: str, *, on: bool) -> Control:
    """Arm (alarms are reported) or disarm a device or one of its alarm inputs."""
    return Control(sn=sn, device_id=channel_id, commands={"GuardCmd": "SetGuard" if on else "ResetGuard"})


def _parts(message: Spoken) -> tuple[str, str, Lines]:
    match message:
        case Keepalive():
            faulty = ["<Info>", *(leaf("DeviceID", one) for one in message.faulty), "</Info>"]
            status = leaf("Status", "OK" if message.ok else "ERROR")
            return "Notify", "Keepalive", [status, *(faulty if message.faulty else [])]
        case Query():
            return "Query", message.command, [leaf(name, value) for name, value in message.details.items()]
        case Control():
            return "Control", "DeviceControl", [leaf(name, value) for name, value in message.commands.items()]
        case AlarmResponse():
            return "Response", "Alarm", [leaf("Result", "OK" if message.ok else "ERROR")]
        case AlarmNotice():
            return "Notify", "Alarm", _alarm(message)
        case CatalogPage():
            return "Response", "Catalog", _catalog(message)
        case DeviceInfo():
            return "Response", "DeviceInfo", _device_info(message)
        case DeviceStatus():
            return "Response", "DeviceStatus", _device_status(message)
        case SnapshotOrder():
            return "Control", "DeviceConfig", _snapshot_order(message)
        case _:
            return notice_parts(message)


def _alarm(notice: AlarmNotice) -> Lines:
    lines = [leaf("AlarmPriority", notice.priority), leaf("AlarmMethod", notice.method)]
    if notice.at is not None:
        lines.append(leaf("AlarmTime", beijing_text(notice.at)))
    lines.append(leaf("AlarmDescription", notice.description))
    if notice.longitude is not None and notice.latitude is not None:
        lines += [leaf("Longitude", notice.longitude), leaf("Latitude", notice.latitude)]
    if notice.type:
        lines += ["<Info>", leaf("AlarmType", notice.type)]
        if notice.event_type:
            lines += ["<AlarmTypeParam>", leaf("EventType", notice.event_type), "</AlarmTypeParam>"]
        lines.append("</Info>")
    return lines


def _catalog(page: CatalogPage) -> Lines:
    lines = [leaf("SumNum", page.total), f'<DeviceList Num="{len(page.items)}">']
    for item in page.items:
        lines += item_lines(item)
    return [*lines, "</DeviceList>"]


def _device_info(info: DeviceInfo) -> Lines:
    lines = [
        leaf("DeviceName", info.name),
        leaf("Result", "OK"),
        leaf("Manufacturer", info.manufacturer),
        leaf("Model", info.model),
        leaf("Firmware", info.firmware),
    ]
    return lines if info.channels is None else [*lines, leaf("Channel", info.channels)]


def _device_status(status: DeviceStatus) -> Lines:
    lines = [
        leaf("Result", "OK"),
        leaf("Online", "ONLINE" if status.online else "OFFLINE"),
        leaf("Status", "OK" if status.ok else "ERROR"),
        leaf("Record", "ON" if status.recording else "OFF"),
    ]
    if status.device_time is not None:
        lines.append(leaf("DeviceTime", beijing_text(status.device_time)))
    if status.duties:
        lines.append(f'<Alarmstatus Num="{len(status.duties)}">')
        for input_id, duty in status.duties:
            lines += ["<Item>", leaf("DeviceID", input_id), leaf("DutyStatus", duty), "</Item>"]
        lines.append("</Alarmstatus>")
    return lines


def _snapshot_order(order: SnapshotOrder) -> Lines:
    return [
        "<SnapShotConfig>",
        leaf("SnapNum", order.count),
        leaf("Interval", order.interval_seconds),
        leaf("UploadURL", order.upload_url),
        leaf("SessionID", order.session_id),
        "</SnapShotConfig>",
    ]
