"""History, papers, uploads and imports of points on every engine."""

from dataclasses import replace

import pytest
from tests.domain.acting import acting

from fengtai.domain.access.model import Role
from fengtai.domain.organisations.service import OrganisationRegister
from fengtai.domain.points.model import Box, PointQuery, PointWords
from fengtai.domain.points.model.dossier import Document, DocumentKind, Revision, Upload
from fengtai.domain.points.model.imports import ImportState, Plan, Verdict
from fengtai.domain.points.model.words import terms
from fengtai.domain.points.ports import BringingIn, Documents, Imports, PointHistory, PointStore, Uploads
from fengtai.domain.points.service import PointDossiers, RegisterImporter
from fengtai.domain.points.service.edit import as_point
from fengtai.vocabulary.errors import NotFound

PAPER = Document(
    id="d1",
    point_id="p1",
    kind=DocumentKind.SIGN_PHOTO,
    title="东门标识",
    media_type="image/png",
    size_bytes=5,
    sha256="ab" * 32,
    object_key="points/01/d1",
    added_at_ms=7,
    by_name="孙工",
)
SUN = acting(Role.ENGINEER, name="孙工", user_id="5")
TABLE = "编号,名称,经度,纬度\n1,人民路东口,123.43,41.80\n2,人民路西口,123.44,41.80\n3,无名,,\n"


def test_history_comes_back_newest_first(units):
    def line(version):
        return Revision(
            point_id="p1", version=version, at_ms=9, by="user:5", by_name="孙工", why="核查", import_id="i1",
            changes={"view_degrees": (None, 90), "records": (True, False), "name": ("旧", "新")},
        )  # fmt: skip

    for version in (1, 2, 3):
        units.run(lambda uow, v=version: uow.store(PointHistory).add(line(v)))
    assert units.read(lambda uow: uow.store(PointHistory).of("p1", limit=2)) == [line(3), line(2)]
    assert units.read(lambda uow: uow.store(PointHistory).of("p1", before_version=2)) == [line(1)]
    assert units.read(lambda uow: uow.store(PointHistory).of("p2")) == []


def test_papers_are_kept_per_point_and_removed(units):
    later = replace(PAPER, id="d2", added_at_ms=8)
    for paper in (later, PAPER, replace(PAPER, id="d3", point_id="p2")):
        units.run(lambda uow, each=paper: uow.store(Documents).save(each))
    assert units.read(lambda uow: uow.store(Documents).of("p1")) == [PAPER, later]
    units.run(lambda uow: uow.store(Documents).remove("d1"))
    assert units.read(lambda uow: uow.store(Documents).of("p1")) == [later]
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(Documents).get("d1"))


def test_pieces_are_joined_in_their_order_and_may_come_again(units):
    upload = Upload(id="u1", by="5", at_ms=100)
    units.run(lambda uow: uow.store(Uploads).open(upload))
    for index, piece in ((1, b"c"), (0, b"x\0"), (0, b"ab")):
        units.run(lambda uow, at=index, some=piece: uow.store(Uploads).put_piece("u1", at, some))
    assert units.read(lambda uow: uow.store(Uploads).get("u1")) == upload
    assert units.read(lambda uow: uow.store(Uploads).sizes("u1")) == {0: 2, 1: 1}
    assert units.read(lambda uow: uow.store(Uploads).content("u1")) == b"abc"
    assert units.read(lambda uow: uow.store(Uploads).older_than(100)) == []
    assert units.read(lambda uow: uow.store(Uploads).older_than(101)) == ["u1"]
    units.run(lambda uow: uow.store(Uploads).drop("u1"))
    assert units.read(lambda uow: uow.store(Uploads).content("u1")) == b""
    with pytest.raises(NotFound):
        units.read(lambda uow: uow.store(Uploads).get("u1"))


class Import:
    """An import on this engine, step by step."""

    def __init__(self, units) -> None:
        self.units, self.importer = units, RegisterImporter(transactions=units.engine)
        units.wait(OrganisationRegister(transactions=units.engine).ensure_root("风台市", area_code="210102"))

    def looked_at(self, table: str):
        return self.units.wait(self._look(table.encode()))

    async def _look(self, content: bytes):
        dossiers = PointDossiers(transactions=self.units.engine)
        upload = await dossiers.open_upload(by=SUN)
        await dossiers.put_piece(upload.id, 0, content, by=SUN)
        await self.importer.start(upload.id, file_name="a.csv", by=SUN)
        await self.importer.tick()
        return await self.importer.get(upload.id, by=SUN)

    def applied(self, job):
        async def apply():
            await self.importer.apply(job.id, token=job.token, plan=Plan.EVERYTHING, why="核查", by=SUN)
            await self.importer.tick()
            return await self.importer.get(job.id, by=SUN)

        return self.units.wait(apply())

    def found(self, text=""):
        page, _ = self.units.read(lambda uow: uow.store(PointStore).page(PointQuery(terms=terms(text))))
        return list(page)


def test_an_import_is_seen_whole_with_its_words_places_and_history(units):
    office = Import(units)
    job = office.looked_at(TABLE)
    assert (job.state, job.counts["new"], office.found()) == (ImportState.READY, 3, [])
    assert office.applied(job).state is ImportState.APPLIED
    east, west = office.found("人民路")
    box = Box(west=123.435, south=41.7, east=123.5, north=41.9)
    assert units.read(lambda uow: uow.store(PointStore).in_box(box, limit=9)) == [west]
    assert units.read(lambda uow: uow.store(PointStore).codes_in(east.code[:10])) >= {east.code, west.code}

    job = office.looked_at("编号,名称,经度,纬度\n1,长江街口,123.50,41.80\n2,人民路西口,123.44,41.80\n")
    assert job.counts == {"new": 0, "changed": 1, "unchanged": 1, "refused": 0}
    office.applied(job)
    assert [point.number for point in office.found("人民路")] == [2]
    assert [point.version for point in office.found("长江街")] == [2]
    changed, made = units.read(lambda uow: uow.store(PointHistory).of(east.id))
    assert dict(changed.changes) == {"name": ("人民路东口", "长江街口"), "longitude": (123.43, 123.5)}
    assert (made.version, made.why, changed.import_id) == (1, "核查", job.id)


def test_a_file_with_the_same_header_row_is_read_as_the_last_one_was(units):
    office = Import(units)
    job = office.looked_at("序号,探头,备注\n1,长江街口,甲\n")
    assert job.mapping == {"number": "序号", "note": "备注"}

    async def corrected():
        await office.importer.check_again(job.id, {"number": "序号", "name": "探头", "address": "备注"}, by=SUN)
        await office.importer.tick()
        return await office.importer.get(job.id, by=SUN)

    assert office.looked_at("序号,探头,备注\n7,不作数,乙\n").mapping == job.mapping, "nothing was applied yet"
    office.applied(units.wait(corrected()))
    again = office.looked_at("序号,探头,备注\n2,人民路口,丙\n")
    assert again.mapping == {"number": "序号", "name": "探头", "address": "备注"}
    assert again.counts["new"] == 1
    assert office.looked_at("序号,探头\n2,人民路口\n").mapping == {"number": "序号"}, (
        "another header row is another file"
    )


def test_what_does_not_fit_any_more_undoes_all_of_it(units):
    office = Import(units)
    office.applied(office.looked_at(TABLE))
    job = office.looked_at("编号,名称\n1,新名\n2,新名\n8,新点\n")
    second = office.found()[1]
    units.run(lambda uow: uow.store(PointStore).save(replace(second, version=9)))
    assert units.read(lambda uow: uow.store(BringingIn).stale_rows(job.id)) == 1
    failed = office.applied(job)
    assert (failed.state, [point.name for point in office.found()]) == (
        ImportState.FAILED,
        ["人民路东口", "人民路西口", "无名"],
    )


def test_a_number_code_or_channel_that_was_taken_is_seen(units):
    office = Import(units)
    job = office.looked_at("编号,名称,接入设备编码,接入通道编码\n5,甲,21010200001110000001,21010200001320000009\n")
    point = replace(
        as_point("x", 1, PointWords(name="占用", organisation_id="o")), id="other", number=99, code="21010200001320000099",
        device_id="21010200001110000001", channel_id="21010200001320000009",
    )  # fmt: skip
    units.run(lambda uow: uow.store(PointStore).save(point))
    assert units.read(lambda uow: uow.store(BringingIn).stale_rows(job.id)) == 1
    units.run(lambda uow: uow.store(PointStore).save(replace(point, number=5, device_id="", channel_id="")))
    assert units.read(lambda uow: uow.store(BringingIn).stale_rows(job.id)) == 1


def test_staged_rows_are_paged_filtered_and_dropped_in_lots(units):
    office = Import(units)
    job = office.looked_at("编号,名称\n1,甲\nx,乙\n3,丙\ny,丁\n")

    def rows(**wanted):
        found = units.read(lambda uow: uow.store(Imports).rows(job.id, **wanted))
        return [(row.row, row.verdict) for row in found]

    new, refused = Verdict.NEW, Verdict.REFUSED
    assert rows() == [(2, new), (3, refused), (4, new), (5, refused)]
    assert rows(verdict=refused, after_row=3) == [(5, refused)]
    assert rows(limit=1) == [(2, new)]
    assert units.run(lambda uow: uow.store(Imports).drop_rows(job.id, limit=1, keep_refused=True)) == 1
    assert units.run(lambda uow: uow.store(Imports).drop_rows(job.id, limit=9, keep_refused=True)) == 1
    assert rows() == [(3, refused), (5, refused)]
    assert units.run(lambda uow: uow.store(Imports).drop_rows(job.id, limit=9)) == 2
    assert [one.id for one in units.read(lambda uow: uow.store(Imports).latest(limit=5))] == [job.id]
