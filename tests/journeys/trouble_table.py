"""The troubles that users of other platforms report, what becomes of each here, and the tests that prove it.

Part of the page that `fault_table` renders; `test_faulty_signalling` sees to it that no test is named that does not exist.
"""

from pathlib import Path
from typing import NamedTuple

TESTS = Path(__file__).parents[1]


class Trouble(NamedTuple):
    what: str
    here: str
    proofs: tuple[str, ...]
    """file and test, below tests/; a file alone: its rows"""


_G, _P, _M, _J = "gateways/gb28181/", "protocols/gb28181/", "media/", "journeys/"
_CAMERAS, _SIGNALLING = f"{_J}test_faulty_cameras.py", f"{_J}test_faulty_signalling.py"

TROUBLES = (
    Trouble(
        "no stream arrives, and nobody knows why",
        "stages of each start with one cause and one fix; the address of the network that the device is in (`sip.networks`)",
        (
            f"{_CAMERAS}::test_the_trace_explains_in_one_sentence_with_one_fix",
            f"{_J}test_sip_peers.py::test_every_answer_of_a_camera_ends_cleanly_and_is_explained",
            f"{_G}test_networks.py::test_a_device_of_another_network_is_told_our_address_there",
        ),
    ),
    Trouble(
        "changing addresses behind NAT",
        "every keepalive from the same host moves the device; requests go where it speaks from, or down its connection",
        (
            f"{_P}test_express_lane.py::test_a_keepalive_from_another_port_of_the_same_host_moves_the_device",
            f"{_G}test_asking_devices.py::test_a_device_that_moves_is_followed_with_its_subscriptions",
        ),
    ),
    Trouble(
        "another host in the Request-URI than we know",
        "answered all the same",
        (f"{_P}test_conversation.py::test_whatever_host_a_device_writes_into_its_requests_it_is_answered",),
    ),
    Trouble(
        "online shown as offline, and the reverse, after a restart",
        "registrations outlive it; a silent device is asked first; when the database is lost, all register anew",
        (
            f"{_G}test_devices_on_sockets.py::test_registrations_survive_a_restart",
            f"{_G}test_devices_on_sockets.py::test_a_platform_that_has_lost_its_database_is_registered_with_anew",
            f"{_P}test_conversation.py::test_a_device_whose_keepalives_alone_are_lost_stays_online",
        ),
    ),
    Trouble(
        "waves of devices that go offline, and storms of registrations",
        "keepalives cost no query; registrations wait (503, Retry-After) before life signs and alarms do",
        (
            f"{_G}test_overload.py::test_under_overload_registrations_wait_and_life_signs_and_alarms_do_not",
            f"{_P}test_conversation.py::test_a_city_that_falls_silent_is_not_asked_one_by_one",
            f"{_P}test_conversation.py::test_within_the_grace_after_a_restart_so_many_strangers_a_second_are_told_403",
        ),
    ),
    Trouble(
        "incomplete catalogues",
        "asked three times, kept as partial by difference, what is missing is stale and not deleted",
        (
            f"{_P}test_conversation.py::test_a_catalogue_that_stays_incomplete_is_asked_three_times_and_told_as_partial",
            "domain/devices/test_registry.py::test_a_catalogue_is_committed_by_difference",
            f"{_P}test_manscdp.py::test_ten_thousand_items_in_one_message_are_read",
        ),
    ),
    Trouble(
        "the device's own id as a channel, parents that go round, codes that are words",
        "left out or cut, the catalogue as it came can be read",
        (
            f"{_P}test_manscdp.py::test_civil_codes_that_are_none_are_left_out",
            f"{_P}test_manscdp.py::test_nodes_of_trees_are_no_devices",
            "domain/devices/test_registry.py::test_nobody_is_his_own_ancestor",
            f"{_G}test_asking_devices.py::test_the_last_catalogue_can_be_read_as_it_came",
        ),
    ),
    Trouble(
        "names in broken letters",
        "the charset is found whatever is declared, per message and name; one may be chosen per device",
        (
            f"{_P}test_manscdp.py::test_names_are_read_in_any_charset",
            f"{_P}test_manscdp.py::test_names_in_two_charsets_in_one_body_are_both_read",
            _SIGNALLING,
        ),
    ),
    Trouble(
        "XML that is not well-formed",
        "repaired; a broken item costs only itself",
        (
            f"{_P}test_manscdp.py::test_a_broken_item_costs_only_itself",
            f"{_P}test_manscdp.py::test_control_characters_and_bare_ampersands_are_repaired",
            f"{_P}test_field_samples.py::test_a_catalogue_that_is_not_well_formed_is_salvaged",
        ),
    ),
    Trouble("another SSRC than asked", "played and noted; calls are named by their Call-ID", (_CAMERAS,)),
    Trouble(
        "ports and SSRCs used again too early",
        "both rest, and wait for the confirmed end of a call; strangers' packets are refused",
        (
            f"{_M}test_small_parts.py::test_a_port_rests_before_it_is_used_again",
            f"{_P}test_calls.py::test_a_call_of_before_a_crash_is_ended_and_its_port_and_ssrc_are_held_until_then",
            f"{_M}worker/test_worker_parts.py::test_an_old_sender_does_not_keep_the_device_out_that_was_asked",
        ),
    ),
    Trouble(
        "orphans: lost BYEs, concurrent starts, crashes",
        "one start for all watchers; BYE until it is confirmed, also after a crash and for a yes that comes too late",
        (
            f"{_M}test_live.py::test_watchers_share_one_invitation",
            f"{_CAMERAS}::test_many_who_come_at_once_cost_one_call",
            f"{_P}test_calls.py::test_a_bye_is_repeated_until_it_is_confirmed",
            f"{_G}test_devices_on_sockets.py::test_calls_of_before_a_crash_are_ended_and_forgotten",
            f"{_G}test_signalling_faults.py::test_it_is_understood_or_told",
        ),
    ),
    Trouble(
        "streams ended under their viewers",
        "viewers of all kinds count, with a grace; what is recorded is not ended",
        (
            f"{_M}test_streams.py::test_a_stream_that_nobody_watches_is_ended_after_the_grace",
            f"{_M}test_streams.py::test_a_recorded_stream_goes_on_without_viewers_and_comes_back_when_lost",
        ),
    ),
    Trouble(
        "slow first picture",
        "begins at the kept key frame; one is asked for when none comes; sound is not waited for (figures: performance)",
        (
            f"{_M}test_live.py::test_a_picture_is_watched_from_its_key_frame_on",
            f"{_P}test_orders.py::test_a_key_frame_is_asked_for_as_the_device_spells_it",
        ),
    ),
    Trouble(
        "mosaic by loss over UDP",
        "TCP is tried first; reordering; loss is told in the trace with the advice to use TCP",
        (_CAMERAS,),
    ),
    Trouble(
        "oddities of PS, H.265 by another name",
        "what comes is told by its bytes, never by map, payload type or answer",
        (
            f"{_M}worker/test_shared_captures.py::test_every_picture_of_a_stream_arrives",
            f"{_M}worker/test_shared_captures.py::test_recorded_and_broken_packets_harm_nothing_that_comes_after",
            "protocols/mpegps/test_captures.py::test_pack_heads_from_issues_lead_to_the_picture",
            _CAMERAS,
        ),
    ),
    Trouble(
        "TCP modes mixed up",
        "TCP to us, UDP, TCP to the device are tried in this order; what worked is remembered",
        (
            f"{_M}test_transports.py::test_a_camera_that_only_waits_for_our_connection_is_played_and_remembered",
            f"{_M}test_transports.py::test_a_camera_that_has_changed_its_ways_teaches_again",
        ),
    ),
    Trouble(
        "session descriptions that are refused",
        "three forms as data (profiles.toml), tried in the same call, the one taken is remembered; y= last",
        (
            f"{_P}test_calls.py::test_a_device_that_dislikes_the_offer_gets_the_plain_one_and_is_remembered",
            f"{_P}test_profiles.py::test_hikvision_finds_y_at_the_end",
            f"{_P}test_profiles.py::test_the_sub_stream_is_asked_for_as_the_make_understands_it",
            _SIGNALLING,
        ),
    ),
    Trouble(
        "dialects of digest",
        "RFC 2069 and 2617, algorithm named; wrong user, realm and password are told apart",
        (
            "protocols/sip/test_digest.py::test_a_device_answers_challenges_of_any_form",
            f"{_G}test_registrations.py::test_the_cause_of_a_refusal_is_named",
            f"{_P}test_profiles.py::test_dahua_finds_the_algorithm_in_the_challenge_and_no_1xx",
        ),
    ),
    Trouble(
        "subscriptions that end unseen, false OFF",
        "refreshed, made anew after restart, move and 481; makes that invent OFF are not believed; arming by order",
        (
            f"{_P}test_subscriptions.py::test_a_device_that_forgot_is_asked_in_a_new_dialog",
            f"{_P}test_subscriptions.py::test_a_device_that_grants_a_second_is_not_refreshed_every_second",
            f"{_G}test_asking_devices.py::test_the_status_notices_of_a_make_that_invents_them_are_not_believed",
        ),
    ),
    Trouble(
        "devices of 2022 at platforms of 2016, and the reverse",
        "X-GB-ver is read and answered; nothing is sent that the edition does not know; 2016 where nothing is said",
        (
            f"{_P}test_conversation.py::test_every_answer_to_a_registration_says_which_edition_we_speak",
            f"{_P}test_orders.py::test_snapshots_are_not_ordered_where_they_are_unknown_or_do_harm",
            f"{_P}test_subscriptions.py::test_a_device_of_2011_is_asked_for_alarms_only",
        ),
    ),
)

ATTACKS = (
    Trouble(
        "floods from unknown ids, foreign names, answers to nothing, noise",
        "a good device's alarms are answered throughout, memory stays",
        (f"{_J}test_siege_of_sip.py::test_a_flood_from_many_addresses",),
    ),
    Trouble(
        "requests that name us as their way back (INVITE loops)",
        "each is answered once",
        (f"{_J}test_siege_of_sip.py::test_answers_that_would_come_back_to_us_do_not_go_round",),
    ),
    Trouble(
        "endless headers, absurd numbers, dripping and endless messages, thousands of connections",
        "bounded by bytes, seconds and address; refusals are counted",
        (
            f"{_J}test_bad_input.py::test_headers_without_end_are_cut_off",
            f"{_J}test_bad_input.py::test_absurd_numbers",
            f"{_J}test_siege_of_sip.py::test_messages_that_drip_in_are_hung_up_on",
            f"{_J}test_siege_of_sip.py::test_bodies_that_never_end_do_not_pile_up",
            f"{_J}test_siege_of_sip.py::test_one_address_takes_its_share_of_connections_and_no_more",
        ),
    ),
    Trouble(
        "ids of other devices, spoofed sources",
        "only REGISTER with the password moves a device to another host",
        (
            f"{_J}test_sip_peers.py::test_nobody_speaks_for_a_device_that_registered_from_elsewhere",
            f"{_P}test_hostile_peers.py::test_a_captured_registration_is_worth_nothing_elsewhere",
        ),
    ),
    Trouble(
        "a device with the password that tells without end",
        "its own trouble only",
        (f"{_J}test_siege_of_sip.py::test_a_device_with_the_password_that_tells_without_end",),
    ),
    Trouble(
        "panels that drip, never end a line, crowd or make noise (DC-09)",
        "hung up on after `dc09.frame_seconds` or 32 KiB; silent strangers make room for others",
        (
            "gateways/sia_dc09/test_slow_panels.py::test_who_never_ends_a_frame_is_hung_up_on",
            "gateways/sia_dc09/test_slow_panels.py::test_who_sends_much_that_is_of_no_use_is_hung_up_on",
            "gateways/sia_dc09/test_slow_panels.py::test_whoever_has_said_nothing_yet_makes_room_for_the_next",
            f"{_J}test_siege_of_sip.py::test_panels_are_heard_among_a_crowd",
        ),
    ),
)


def rows(troubles: tuple[Trouble, ...]) -> str:
    return "\n".join(f"| {one.what} | {one.here} | {'<br>'.join(map(_shown, one.proofs))} |" for one in troubles)


def proofs_that_are_none() -> list[str]:
    """Tests that are named here and stand nowhere."""
    named = [proof for one in (*TROUBLES, *ATTACKS) for proof in one.proofs]
    return [proof for proof in named if not _stands(proof)]


def _shown(proof: str) -> str:
    path, _, test = proof.partition("::")
    return f"`{path}`" + (f" {test.removeprefix('test_').replace('_', ' ')}" if test else "")


def _stands(proof: str) -> bool:
    path, _, test = proof.partition("::")
    file = TESTS / path
    return file.is_file() and f"def {test}(" in file.read_text(encoding="utf-8") if test else file.is_file()
