"""An import of the register, from the file to what is in force, as a person lives through it."""

import io
import zipfile
from dataclasses import replace

import pytest
import xlsxwriter
from tests.domain.acting import acting

from fengtai.apps.schema import memory_stores
from fengtai.domain.access.model import Role
from fengtai.domain.access.model.rights import Ground, Rights
from fengtai.domain.organisations.model import Level
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.model import PointWords
from fengtai.domain.points.model.dossier import Datum, LegalClass, SitingZone
from fengtai.domain.points.model.imports import ImportState, Plan, Verdict
from fengtai.domain.points.ports import Imports
from fengtai.domain.points.service import PointDossiers, PointRegister, RegisterImporter
from fengtai.domain.points.service.exporting import Language
from fengtai.storage.memory.transactions import MemoryTransactions
from fengtai.vocabulary.clock import HandClock
from fengtai.vocabulary.errors import Conflict, Invalid, NotFound, TooMany

SUN = acting(Role.ENGINEER, Role.ADMINISTRATOR, name="孙工", user_id="5")
OTHER = replace(SUN, user_id="6", name="别人")
GOOD = (
    "编号,名称,所属单位,点位类别,经度,纬度,坐标系,法定类别,安装部位,是否录像\n"
    "1,东门,东区,一类,123.43,41.80,WGS-84,第七条政府,出入口,是\n"
    ",南门,,二类,123.44,41.81,GCJ-02,,道路,否\n"
)


class Office:
    def __init__(self, transactions=None, clock=None) -> None:
        self.clock = clock or HandClock()
        self.transactions = transactions or MemoryTransactions(self.clock, memory_stores())
        self.points = PointRegister(transactions=self.transactions)
        self.dossiers = PointDossiers(transactions=self.transactions)
        self.imports = RegisterImporter(transactions=self.transactions)
        self.organisations = OrganisationRegister(transactions=self.transactions)

    async def set_up(self) -> "Office":
        root = await self.organisations.ensure_root("风台市", area_code="2101")
        await self.organisations.create(
            name="东区", level=Level.DISTRICT, parent_id=root.id, area_code="210102", by=SUN
        )
        return self

    async def sent(self, content: bytes, *, by=SUN) -> str:
        """An upload in two pieces."""
        upload = await self.dossiers.open_upload(by=by)
        half = len(content) // 2 or 1
        for index, piece in enumerate((content[:half], content[half:])):
            if piece:
                await self.dossiers.put_piece(upload.id, index, piece, by=by)
        return upload.id

    async def looked_at(self, content: bytes | str):
        """The import, ready to be looked at (or failed)."""
        data = content.encode() if isinstance(content, str) else content
        job = await self.imports.start(await self.sent(data), file_name="点位.csv", by=SUN)
        await self.imports.tick()
        return await self.imports.get(job.id, by=SUN)

    async def applied(self, job, plan=Plan.EVERYTHING):
        await self.imports.apply(job.id, token=job.token, plan=plan, why="年度核查", by=SUN)
        await self.imports.tick()
        return await self.imports.get(job.id, by=SUN)

    async def told(self):
        return [(point.number, point.name) for point in await self.points.page()]

    async def problems(self, job):
        rows = await self.imports.rows(job.id, verdict=Verdict.REFUSED, by=SUN)
        return [(row.row, each.column, each.reason) for row in rows for each in row.problems]


@pytest.fixture
async def office():
    return await Office().set_up()


async def test_a_file_is_looked_at_and_put_in_force(office):
    job = await office.looked_at(GOOD)
    assert (job.state, job.encoding, job.delimiter, job.total) == (ImportState.READY, "utf-8", ",", 2)
    assert job.counts == {"new": 2, "changed": 0, "unchanged": 0, "refused": 0}
    assert await office.told() == [], "nothing is changed before it is applied"

    job = await office.applied(job)

    assert job.state is ImportState.APPLIED
    east, south = await office.points.page()
    assert (east.number, east.name, east.code) == (1, "东门", "21010200001320000001")
    assert (east.legal_class, east.dossier.siting_zone) == (LegalClass.ART7_GOV, SitingZone.ENTRANCE)
    assert (south.number, south.area_code, south.given.datum) == (2, "2101", Datum.GCJ02)
    assert round(south.position.metres_to(east.position)) == 901, "the offset of Chinese maps is taken off"
    (made,) = await office.points.history(south.id, by=SUN)
    assert (made.why, made.by, made.import_id, made.changes["name"]) == ("年度核查", "user:5", job.id, ("", "南门"))
    assert office.transactions.told("points.imported")[0].payload == {"import_id": job.id, "new": 2, "changed": 0}


async def test_the_same_file_again_changes_nothing(office):
    await office.applied(await office.looked_at(GOOD.replace(",南门", "2,南门")))
    job = await office.looked_at(GOOD.replace(",南门", "2,南门"))
    assert job.counts == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    with pytest.raises(Conflict, match="changes nothing"):
        await office.imports.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=SUN)


async def test_changes_are_told_field_by_field_and_empty_cells_leave_what_stands(office):
    await office.applied(await office.looked_at(GOOD))
    job = await office.looked_at("编号,名称,地址,朝向,经度,纬度\n1,东大门,长江街 5 号,90,,\n2,,,,清空,清空\n")
    first, second = await office.imports.rows(job.id, by=SUN)
    assert first.changes == {"name": ("东门", "东大门"), "address": ("", "长江街 5 号"), "view_degrees": (None, 90)}
    assert (second.verdict, set(second.changes)) == (Verdict.CHANGED, {"longitude", "latitude", "datum"})
    await office.applied(job)
    east, south = await office.points.page()
    assert (east.name, east.version, east.view_degrees) == ("东大门", 2, 90)
    assert (south.position, south.given) == (None, None)


@pytest.mark.parametrize(
    ("line", "column", "reason"),
    [
        ("7,卫生间,,,,,,,卫生间,", "安装部位", "article 8"),
        ("7,,,,,,,,,", "名称", "needs a name"),
        ("x,某处,,,,,,,,", "编号", "not a number"),
        ("99999999999,某处,,,,,,,,", "编号", "between 1 and 9999999"),
        ("-3,某处,,,,,,,,", "编号", "between 1 and 9999999"),
        ("8,某\x07处,,,,,,,,", "名称", "control sign"),
        ("1.5,某处,,,,,,,,", "编号", "not a whole number"),
        ("7,某处,不存在,,,,,,,", "所属单位", "no organisation"),
        ("7,某处,,四类,,,,,,", "点位类别", "is none of"),
        ("7,某处,,,200,41,,,,", "经度", "between -180 and 180"),
        ("7,某处,,,123,,,,,", "纬度", "both longitude and latitude"),
        ("7,某处,,,nan,41,,,,", "经度", "number"),
        ('7,"=HYPERLINK(""http://x"")",,,,,,,,', "名称", "formula"),
        ("7,@SUM(A1),,,,,,,,", "名称", "formula"),
        ("7," + "长" * 5000 + ",,,,,,,,", "名称", "5000 characters"),
    ],
)
async def test_a_row_is_refused_by_column_and_reason(office, line, column, reason):
    job = await office.looked_at(GOOD + line + "\n")
    ((row, where, why),) = await office.problems(job)
    assert (row, where) == (4, column)
    assert reason in why


async def test_with_refused_rows_everything_is_refused_or_the_good_ones_are_applied(office):
    job = await office.looked_at(GOOD + "7,卫生间,,,,,,,卫生间,\n")
    with pytest.raises(Conflict, match="1 rows are refused"):
        await office.imports.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=SUN)
    await office.applied(job, Plan.GOOD_ROWS)
    assert len(await office.told()) == 2
    assert len(await office.problems(job)) == 1, "the refused rows stay for whoever mends the file"


async def test_rows_of_one_file_do_not_claim_the_same(office):
    job = await office.looked_at("编号,名称\n5,甲\n,乙\n5,丙\n1,丁\n")
    assert await office.problems(job) == [(4, "编号", "row 2 of this file has the same number")]
    rows = await office.imports.rows(job.id, verdict=Verdict.NEW, by=SUN)
    assert [(row.name, row.number) for row in rows] == [("甲", 5), ("乙", 2), ("丁", 1)]


async def test_a_code_and_a_number_of_different_points_are_refused(office):
    await office.applied(await office.looked_at(GOOD))
    job = await office.looked_at("编号,国标编码\n2,21010200001320000001\n")
    assert await office.problems(job) == [(2, "编号", "the number 2 belongs to another point, '南门'")]


async def test_what_changed_since_the_preview_is_not_written_over(office):
    await office.applied(await office.looked_at(GOOD))
    job = await office.looked_at("编号,名称\n1,甲\n9,乙\n")
    east = (await office.points.page())[0]
    await office.points.change(east.id, PointWords(name="别的名字"), by=OTHER)
    job = await office.applied(job)
    assert (job.state, "1 rows do not fit" in job.sentence) == (ImportState.FAILED, True)
    assert await office.told() == [(1, "别的名字"), (2, "南门")], "nothing half applied"

    job = await office.imports.check_again(job.id, None, by=SUN)
    await office.imports.tick()
    job = await office.applied(await office.imports.get(job.id, by=SUN))
    assert await office.told() == [(1, "甲"), (2, "南门"), (9, "乙")]


async def test_a_number_that_was_taken_since_the_preview_stops_it(office):
    job = await office.looked_at("名称\n甲\n")
    await office.points.create(PointWords(name="快一步"), by=OTHER)
    assert (await office.applied(job)).state is ImportState.FAILED
    assert await office.told() == [(1, "快一步")]


async def test_only_the_preview_that_was_looked_at_is_applied(office):
    job = await office.looked_at("名称,备注,别名\n甲,乙,丙\n")
    again = await office.imports.check_again(job.id, {"name": "别名"}, by=SUN)
    assert again.state is ImportState.CHECKING
    await office.imports.tick()
    with pytest.raises(Conflict, match="look at it again"):
        await office.imports.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=SUN)
    assert (await office.applied(await office.imports.get(job.id, by=SUN))).state is ImportState.APPLIED
    assert await office.told() == [(1, "丙")]


async def test_a_mapping_names_fields_and_columns_that_are_there(office):
    job = await office.looked_at("名称,备注\n甲,乙\n")
    assert job.mapping == {"name": "名称", "note": "备注"}
    for wrong in ({"name": "没有"}, {"nothing": "名称"}, {"name": "名称", "note": "名称"}, {"note": "备注"}):
        with pytest.raises(Invalid):
            await office.imports.check_again(job.id, wrong, by=SUN)


async def test_a_cancelled_import_cannot_be_applied(office):
    job = await office.looked_at(GOOD)
    assert (await office.imports.cancel(job.id, by=SUN)).state is ImportState.CANCELLED
    with pytest.raises(Conflict, match="cancelled"):
        await office.imports.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=SUN)
    await office.imports.tick()
    assert await office.imports.rows(job.id, by=SUN) == []
    assert await office.told() == []


async def test_what_a_stopped_platform_left_says_so(office):
    content = await office.sent(GOOD.encode())
    job = await office.imports.start(content, file_name="a.csv", by=SUN)
    restarted = Office(office.transactions, office.clock)
    await restarted.imports.tick()
    assert (await restarted.imports.get(job.id, by=SUN)).state is ImportState.CHECKING, "another run may be at it"
    office.clock.advance(31)
    await restarted.imports.tick()
    stopped = await restarted.imports.get(job.id, by=SUN)
    assert (stopped.state, "nothing was applied" in stopped.sentence) == (ImportState.INTERRUPTED, True)
    await restarted.imports.check_again(job.id, None, by=SUN)
    await restarted.imports.tick()
    assert (await restarted.applied(await restarted.imports.get(job.id, by=SUN))).state is ImportState.APPLIED


@pytest.mark.parametrize(
    ("content", "encoding", "delimiter"),
    [
        (GOOD.encode("utf-8-sig"), "utf-8-sig", ","),
        (GOOD.encode("gb18030"), "gb18030", ","),
        (GOOD.replace(",", "\t").encode("utf-16"), "utf-16", "\t"),
        (GOOD.replace(",", ";").replace("\n", "\r\n").encode(), "utf-8", ";"),
    ],
)
async def test_encoding_and_delimiter_are_found(office, content, encoding, delimiter):
    job = await office.looked_at(content)
    assert (job.encoding, job.delimiter, job.counts["new"]) == (encoding, delimiter, 2)


def workbook(*rows, **more) -> bytes:
    out = io.BytesIO()
    with xlsxwriter.Workbook(out, {"in_memory": True}) as book:
        sheet = book.add_worksheet()
        for number, row in enumerate(rows):
            sheet.write_row(number, 0, row)
        for cell, value in more.items():
            sheet.write(cell, value)
    return out.getvalue()


async def test_a_spreadsheet_is_read_with_its_numbers_and_dates(office):
    job = await office.looked_at(
        workbook(("编号", "名称", "经度", "纬度", "行政区划代码"), (3, "东门", 123.4, 41.8, 210102))
    )
    assert (job.format, job.counts["new"]) == ("xlsx", 1)
    await office.applied(job)
    (point,) = await office.points.page()
    assert (point.number, point.area_code, point.position.longitude) == (3, "210102", 123.4)


def bomb(size: int) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive:
        archive.writestr("xl/worksheets/sheet1.xml", b"\0" * size)
    return out.getvalue()


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        (b"\xd0\xcf\x11\xe0rest", "old Excel file"),
        (b"PK\x03\x04 no archive", "cannot be unpacked"),
        (bomb(400 << 20), "unpacks to more than 384 MiB"),
        (workbook(("名称",), ("甲",), XFD9="x"), "as far out as XFD9"),
        (workbook(("名称",), ("甲",), A1048576="x"), "as far out as 1048576"),
        (b"\xff\xfe\xfe", "neither UTF-8 nor GB 18030"),
        (b"\x80\x81\xff\xff", "neither UTF-8 nor GB 18030"),
        (b"a\x00b", "NUL"),
        ("名称,名称\n甲,乙\n".encode(), "two columns are called"),
        (",,\n甲,乙,丙\n".encode(), "first row must name the columns"),
        ("甲,乙\n1,2\n".encode(), "a row must name a point"),
        ('名称\n"甲\n'.encode(), "unexpected end of data"),
        (("名称\n" + "甲\n" * 250_001).encode(), "more than 250000 rows"),
        (("名称" + ",x" * 60 + "\n").encode(), "61 columns"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
async def test_what_cannot_be_read_fails_with_figure_or_place(office, content, sentence):
    job = await office.looked_at(content)
    assert job.state is ImportState.FAILED
    assert sentence in job.sentence
    assert await office.imports.rows(job.id, by=SUN) == []


async def test_an_upload_belongs_to_whoever_opened_it_and_comes_whole(office):
    upload = await office.sent(GOOD.encode())
    with pytest.raises(NotFound):
        await office.imports.start(upload, file_name="a.csv", by=OTHER)
    with pytest.raises(NotFound):
        await office.dossiers.put_piece(upload, 0, b"x", by=OTHER)
    holed = (await office.dossiers.open_upload(by=SUN)).id
    await office.dossiers.put_piece(holed, 1, b"x", by=SUN)
    with pytest.raises(Invalid, match="piece 0 is missing"):
        await office.imports.start(holed, file_name="a.csv", by=SUN)
    with pytest.raises(NotFound):
        await office.imports.start("nothing", file_name="a.csv", by=SUN)


async def test_what_is_exported_is_imported_again_unchanged_and_runs_nowhere(office):
    await office.applied(await office.looked_at(GOOD))
    east = (await office.points.page())[0]
    dangerous = replace(PointWords(name="=cmd|' /C calc'!A0"), number=1, address="+1+2", position=east.position)
    await office.points.change(east.id, dangerous, by=SUN)
    wanted = await office.points.exported(organisation_id="", area="", text="", by=SUN)
    table = b"".join([piece async for piece in office.points.as_csv(wanted, Language.ZH)])
    assert "'=cmd|' /C calc'!A0" in table.decode("utf-8-sig")
    assert "'+1+2" in table.decode("utf-8-sig")
    job = await office.looked_at(table)
    assert job.counts == {"new": 0, "changed": 0, "unchanged": 2, "refused": 0}
    job = await office.looked_at(await office.points.as_xlsx(wanted, Language.EN))
    assert job.counts["changed"] + job.counts["new"] == 0


async def test_two_imports_of_one_person_do_not_run_at_once(office):
    await office.imports.start(await office.sent(GOOD.encode()), file_name="a.csv", by=SUN)
    with pytest.raises(Conflict, match="under way"):
        await office.imports.start(await office.sent(GOOD.encode()), file_name="b.csv", by=SUN)


async def test_staged_rows_are_tidied_away(office):
    job = await office.applied(await office.looked_at(GOOD))
    await office.imports.tick()
    assert office.transactions.look(lambda uow: uow.store(Imports).rows(job.id)) == []


async def test_a_file_changes_nothing_that_its_bringer_may_not_change_by_hand(office):
    await office.applied(await office.looked_at(GOOD))
    here = Ground("g1", area="210102")
    limited = replace(SUN, user_id="9", rights=Rights(dict.fromkeys(SUN.permissions, ((here,), ()))))
    table = "编号,名称,所属单位,行政区划代码\n1,东大门,,\n2,南大门,,\n7,新门,东区,210103\n8,新门,东区,210102\n"
    upload = await office.sent(table.encode(), by=limited)
    job = await office.imports.start(upload, file_name="a.csv", by=limited)
    await office.imports.tick()
    rows = await office.imports.rows(job.id, by=limited)
    assert [(row.row, row.verdict) for row in rows] == [
        (2, Verdict.CHANGED),
        (3, Verdict.REFUSED),
        (4, Verdict.REFUSED),
        (5, Verdict.NEW),
    ]
    assert "may not change" in rows[1].problems[0].reason
    ready = await office.imports.get(job.id, by=limited)
    for other in (SUN, replace(limited, rights=SUN.rights)):
        with pytest.raises(Conflict, match="check again"):
            await office.imports.apply(job.id, token=ready.token, plan=Plan.GOOD_ROWS, by=other)
    with pytest.raises(NotFound):
        await office.imports.get(job.id, by=replace(limited, user_id="10"))
    assert await office.imports.latest(by=replace(limited, user_id="10")) == []


async def test_after_a_restart_a_preview_is_checked_again_before_it_is_applied(office):
    job = await office.looked_at(GOOD)
    restarted = Office(office.transactions, office.clock)
    with pytest.raises(Conflict, match="restarted"):
        await restarted.imports.apply(job.id, token=job.token, plan=Plan.EVERYTHING, by=SUN)
    await restarted.imports.check_again(job.id, None, by=SUN)
    await restarted.imports.tick()
    assert (await restarted.applied(await restarted.imports.get(job.id, by=SUN))).state is ImportState.APPLIED


async def test_whoever_only_begins_uploads_is_stopped_and_old_ones_go(office):
    for _ in range(20):
        await office.dossiers.open_upload(by=SUN)
    with pytest.raises(TooMany, match="20 uploads"):
        await office.dossiers.open_upload(by=SUN)
    await office.dossiers.open_upload(by=OTHER)
    office.clock.advance(24 * 3600 + 1)
    await office.dossiers.open_upload(by=OTHER)
    await office.dossiers.open_upload(by=SUN)
