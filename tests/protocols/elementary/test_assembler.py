"""From bytes of a picture to its access unit."""

from tests.protocols.elementary.drawn import drawn_packets, drawn_units
from tests.protocols.elementary.vectors import h264_vector

from fengtai.protocols.elementary import VideoAssembler, split_nals, to_annexb

SPS, PPS = b"\x67\x42\xc0\x1e\xd9\x00\xa0\x2f\xf9\x70\x11\x00", b"\x68\xce\x3c\x80"


def test_key_frames_carry_the_parameter_sets_and_the_others_do_not():
    units = drawn_units("h264", frames=20, gop=10)
    assert [index for index, unit in enumerate(units) if unit.is_key] == [0, 10]
    assert [index for index, unit in enumerate(units) if unit.parameter_sets] == [0, 10]
    assert all(nal[0] & 0x1F not in (7, 8, 9) for unit in units for nal in unit.nals)


def test_a_key_unit_is_decodable_by_itself():
    unit = drawn_units("h264")[10]
    assert unit.parameter_sets is not None
    assert split_nals(unit.annexb()) == [*unit.parameter_sets.nals, *unit.nals]


def test_parameter_sets_may_come_in_a_pack_of_their_own():
    whole = drawn_units("h264")[0]
    assert whole.parameter_sets is not None
    assembler = VideoAssembler()
    assert assembler.assemble(to_annexb(whole.parameter_sets.nals), 0) is None
    assert assembler.assemble(to_annexb(whole.nals), 0) == whole


def test_pictures_before_any_parameter_set_are_counted():
    assembler = VideoAssembler()
    assert assembler.assemble(drawn_packets("h264")[1], 0) is None
    assert assembler.units_without_codec == 1


def test_a_stream_may_change_its_codec_at_a_key_frame():
    assembler = VideoAssembler()
    assembler.assemble(drawn_packets("h264")[0], 0)
    unit = assembler.assemble(drawn_packets("h265")[0], 3600)
    assert unit is not None
    assert (unit.codec, unit.is_key) == ("h265", True)
    assert unit.parameter_sets is not None
    assert unit.parameter_sets.codec == "h265"


def test_changed_parameter_sets_take_the_place_of_the_old_ones():
    assembler = VideoAssembler()
    assembler.assemble(drawn_packets("h264", width=320, height=180)[0], 0)
    unit = assembler.assemble(drawn_packets("h264", width=640, height=360)[0], 3600)
    assert unit is not None
    assert unit.parameter_sets is not None
    assert unit.parameter_sets.video.width == 640
    assert len(unit.parameter_sets.sps) == 1


def test_loss_is_told_until_the_next_whole_key_frame():
    assembler = VideoAssembler()
    packets = drawn_packets("h264", frames=20, gop=10)
    told = []
    for index, packet in enumerate(packets):
        unit = assembler.assemble(packet, index * 3600, is_damaged=index == 4)
        assert unit is not None
        told.append((unit.is_damaged, unit.follows_loss))
    assert told == [(False, False)] * 4 + [(True, True)] + [(False, True)] * 5 + [(False, False)] * 10


def test_sets_that_cannot_be_understood_are_not_put_in_force():
    assembler = VideoAssembler()
    assembler.assemble(to_annexb([b"\x67\x42\x00\x1e", PPS, b"\x65\x88\x80"]), 0)
    assert assembler.parameter_sets is None
    assert assembler.bad_parameter_sets == 1


def test_an_intra_picture_with_parameter_sets_is_a_place_to_begin_even_without_idr():
    assembler = VideoAssembler()
    # slice_header: first_mb_in_slice ue(0) = 1, slice_type ue(7) = 0001000 (I): 1000 1000
    unit = assembler.assemble(to_annexb([SPS, PPS, b"\x41\x88\x80\x10"]), 0)
    assert unit is not None
    assert unit.is_key


def test_a_stream_without_its_key_frame_gives_no_key_unit_first():
    assembler = VideoAssembler()
    nals = split_nals(h264_vector("BA_MW_D_IDR_LOST.264"))
    units = [assembler.assemble_nals([nal], at) for at, nal in enumerate(nals)]
    pictures = [unit for unit in units if unit]
    assert pictures
    assert not pictures[0].is_key
