"""Who may do what, what a password must be, when a sign-in is locked: pure decisions, no rows, no clock."""

from fengtai.domain.access.rules.approvals import APPROVAL_HOURS, MOST_WAITING, check_decider, check_open
from fengtai.domain.access.rules.decisions import Admission, admitted, compiled, ground_of, permissions_in
from fengtai.domain.access.rules.granting import (
    GUARDING_ROLES,
    check_below,
    check_giver,
    check_guarded,
    check_subject,
    checked_reason,
    checked_terms,
    guardians,
    roles_in,
    rules_the_city,
)
from fengtai.domain.access.rules.names import checked_display_name, checked_name, name_key
from fengtai.domain.access.rules.passwords import HISTORY, KEPT_PASSWORDS, SHORTEST, checked_password
from fengtai.domain.access.rules.purposes import checked_purpose, is_placeholder
from fengtai.domain.access.rules.roles import PERMISSIONS_OF_ROLE, check_change, checked_roles, permissions_of
from fengtai.domain.access.rules.second_factors import (
    RECOVERY_CODE_BYTES,
    RECOVERY_CODES,
    SEED_BYTES,
    dues,
    enrolment_uri,
    matching_step,
    must_have_second_factor,
    password_ends_at,
    recovery_code,
    recovery_code_sha256,
    seed_text,
)
from fengtai.domain.access.rules.sign_in import after_attempt, is_locked, throttle_keys, why_over
from fengtai.domain.access.rules.telling import may_be_told
from fengtai.domain.access.rules.tokens import session_token, setup_token, setup_token_sha256, token_sha256

__all__ = [
    "APPROVAL_HOURS",
    "GUARDING_ROLES",
    "HISTORY",
    "KEPT_PASSWORDS",
    "MOST_WAITING",
    "PERMISSIONS_OF_ROLE",
    "RECOVERY_CODES",
    "RECOVERY_CODE_BYTES",
    "SEED_BYTES",
    "SHORTEST",
    "Admission",
    "admitted",
    "after_attempt",
    "check_below",
    "check_change",
    "check_decider",
    "check_giver",
    "check_guarded",
    "check_open",
    "check_subject",
    "checked_display_name",
    "checked_name",
    "checked_password",
    "checked_purpose",
    "checked_reason",
    "checked_roles",
    "checked_terms",
    "compiled",
    "dues",
    "enrolment_uri",
    "ground_of",
    "guardians",
    "is_locked",
    "is_placeholder",
    "matching_step",
    "may_be_told",
    "must_have_second_factor",
    "name_key",
    "password_ends_at",
    "permissions_in",
    "permissions_of",
    "recovery_code",
    "recovery_code_sha256",
    "roles_in",
    "rules_the_city",
    "seed_text",
    "session_token",
    "setup_token",
    "setup_token_sha256",
    "throttle_keys",
    "token_sha256",
    "why_over",
]
