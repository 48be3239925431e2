"""MANSCDP values to bytes. Element names as the standard prints them; GB 18030 under the name that the edition knows."""

from xml.sax.saxutils import escape

from fengtai.protocols.gb28181.messages import (
    AlarmNotice,
    AlarmResponse,
    CatalogItem,
    CatalogPage,
    Control,
    DeviceInfo,
    DeviceStatus,
    Keepalive,
    Query,
    beijing_text,
)

Lines = list[str]
EDITION_2022 = "3.0"


def write_message(
    message: Keepalive | CatalogPage | DeviceInfo | DeviceStatus | AlarmNotice | AlarmResponse | Query | Control,
    *,
    edition: str = "2.0",
) -> bytes:
    """The body of a MESSAGE. 2011 and 2016 declare GB2312, 2022 declares GB18030; the bytes are GB 18030 always."""
    root, command, inner = _parts(message)
    charset = "GB18030" if edition == EDITION_2022 else "GB2312"
    lines = [
        f'<?xml version="1.0" encoding="{charset}"?>',
        f"<{root}>",
        _leaf("CmdType", command),
        _leaf("SN", message.sn),
        _leaf("DeviceID", message.device_id),
        *inner,
        f"</{root}>",
        "",
    ]
    return "\r\n".join(lines).encode("gb18030", "replace")


def key_frame(sn: int, channel_id: str, *, edition: str = "2.0") -> Control:
    """The wish for a key frame: misspelt IFameCmd until 2016, IFrameCmd in 2022."""
    name = "IFrameCmd" if edition == EDITION_2022 else "IFameCmd"
    return Control(sn=sn, device_id=channel_id, commands={name: "Send"})


def reset_alarm(sn: int, channel_id: str) -> Control:
    return Control(sn=sn, device_id=channel_id, commands={"AlarmCmd": "ResetAlarm"})


def _leaf(name: str, value: object) -> str:
    return f"<{name}>{escape(str(value))}</{name}>"


def _parts(
    message: Keepalive | CatalogPage | DeviceInfo | DeviceStatus | AlarmNotice | AlarmResponse | Query | Control,
) -> tuple[str, str, Lines]:
    match message:
        case Keepalive():
            faulty = ["<Info>", *(_leaf("DeviceID", one) for one in message.faulty), "</Info>"]
            status = _leaf("Status", "OK" if message.ok else "ERROR")
            return "Notify", "Keepalive", [status, *(faulty if message.faulty else [])]
        case Query():
            return "Query", message.command, []
        case Control():
            return "Control", "DeviceControl", [_leaf(name, value) for name, value in message.commands.items()]
        case AlarmResponse():
            return "Response", "Alarm", [_leaf("Result", "OK" if message.ok else "ERROR")]
        case AlarmNotice():
            return "Notify", "Alarm", _alarm(message)
        case CatalogPage():
            return "Response", "Catalog", _catalog(message)
        case DeviceInfo():
            return "Response", "DeviceInfo", _device_info(message)
        case DeviceStatus():
            return "Response", "DeviceStatus", _device_status(message)


def _alarm(notice: AlarmNotice) -> Lines:
    lines = [_leaf("AlarmPriority", notice.priority), _leaf("AlarmMethod", notice.method)]
    if notice.at is not None:
        lines.append(_leaf("AlarmTime", beijing_text(notice.at)))
    lines.append(_leaf("AlarmDescription", notice.description))
    if notice.longitude is not None and notice.latitude is not None:
        lines += [_leaf("Longitude", notice.longitude), _leaf("Latitude", notice.latitude)]
    if notice.type:
        lines += ["<Info>", _leaf("AlarmType", notice.type)]
        if notice.event_type:
            lines += ["<AlarmTypeParam>", _leaf("EventType", notice.event_type), "</AlarmTypeParam>"]
        lines.append("</Info>")
    return lines


def _catalog(page: CatalogPage) -> Lines:
    lines = [_leaf("SumNum", page.total), f'<DeviceList Num="{len(page.items)}">']
    for item in page.items:
        lines += _item(item)
    return [*lines, "</DeviceList>"]


def _item(item: CatalogItem) -> Lines:
    lines = [
        "<Item>",
        _leaf("DeviceID", item.id),
        _leaf("Name", item.name),
        _leaf("Manufacturer", item.manufacturer),
        _leaf("Model", item.model),
        _leaf("CivilCode", item.civil_code),
        _leaf("Address", item.address),
        _leaf("Parental", item.parental),
        _leaf("ParentID", item.parent_id),
        _leaf("RegisterWay", 1),
        _leaf("Secrecy", 0),
        _leaf("Status", "ON" if item.on else "OFF"),
    ]
    if item.longitude is not None and item.latitude is not None:
        lines += [_leaf("Longitude", item.longitude), _leaf("Latitude", item.latitude)]
    if item.ptz_type:
        lines += ["<Info>", _leaf("PTZType", item.ptz_type), "</Info>"]
    return [*lines, "</Item>"]


def _device_info(info: DeviceInfo) -> Lines:
    lines = [
        _leaf("DeviceName", info.name),
        _leaf("Result", "OK"),
        _leaf("Manufacturer", info.manufacturer),
        _leaf("Model", info.model),
        _leaf("Firmware", info.firmware),
    ]
    return lines if info.channels is None else [*lines, _leaf("Channel", info.channels)]


def _device_status(status: DeviceStatus) -> Lines:
    lines = [
        _leaf("Result", "OK"),
        _leaf("Online", "ONLINE" if status.online else "OFFLINE"),
        _leaf("Status", "OK" if status.ok else "ERROR"),
        _leaf("Record", "ON" if status.recording else "OFF"),
    ]
    return lines if status.device_time is None else [*lines, _leaf("DeviceTime", beijing_text(status.device_time))]
