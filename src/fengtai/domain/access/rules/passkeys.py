"""Passkeys (W3C Web Authentication level 3): what the browser is asked, and whether its answer is good.

A passkey must be discoverable and must verify its user (PIN, finger, face on the device), so that it is two factors in
one: something one has and something one knows or is. Attestation is not asked for: we do not judge makers.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import webauthn
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AttestationConveyancePreference,
    AuthenticatorSelectionCriteria,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from fengtai.domain.access.model import Passkey, PasskeySite, Person
from fengtai.vocabulary.errors import Invalid, Unauthenticated

CHALLENGE_BYTES = 32
CREDENTIAL_LIMIT_BYTES = 16_384
NOT_GOOD = "This passkey is not known here, or its answer is not good."


@dataclass(frozen=True, slots=True)
class Enrolled:
    credential_id: bytes
    public_key: bytes
    sign_count: int
    is_synced: bool


def user_handle(user_id: str) -> bytes:
    """What the device keeps beside the key: 64 bytes at most, and nothing about the person (14.6.1)."""
    return hashlib.sha256(f"fengtai-passkey:{user_id}".encode()).digest()


def enrolment_options(
    site: PasskeySite, person: Person, challenge: bytes, known: Sequence[Passkey]
) -> Mapping[str, Any]:
    """PublicKeyCredentialCreationOptionsJSON; a device that holds one of `known` refuses by itself."""
    options = webauthn.generate_registration_options(
        rp_id=site.rp_id,
        rp_name=site.rp_name,
        user_id=user_handle(person.id),
        user_name=person.name,
        user_display_name=person.display_name,
        challenge=challenge,
        attestation=AttestationConveyancePreference.NONE,
        authenticator_selection=AuthenticatorSelectionCriteria(
            resident_key=ResidentKeyRequirement.REQUIRED,
            require_resident_key=True,
            user_verification=UserVerificationRequirement.REQUIRED,
        ),
        exclude_credentials=[PublicKeyCredentialDescriptor(id=passkey.credential_id) for passkey in known],
    )
    return _as_json(options)


def enrolled(site: PasskeySite, challenge: bytes, credential: Mapping[str, Any]) -> Enrolled:
    """Raise Invalid when the device's answer is not one to our question (7.1)."""
    try:
        seen = webauthn.verify_registration_response(
            credential=_checked(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=list(site.origins),
            require_user_verification=True,
        )
    except (WebAuthnException, ValueError, KeyError, TypeError) as error:
        raise Invalid(f"the passkey cannot be entered: {_told(error)}", field="credential") from error
    return Enrolled(seen.credential_id, seen.credential_public_key, seen.sign_count, seen.credential_backed_up)


def sign_in_options(site: PasskeySite, challenge: bytes) -> Mapping[str, Any]:
    """PublicKeyCredentialRequestOptionsJSON without a list of keys: nobody is told whose keys there are."""
    options = webauthn.generate_authentication_options(
        rp_id=site.rp_id, challenge=challenge, user_verification=UserVerificationRequirement.REQUIRED
    )
    return _as_json(options)


def credential_id_of(credential: Mapping[str, Any]) -> bytes:
    """Which key answers. Raise Unauthenticated when that cannot be read."""
    try:
        return webauthn.base64url_to_bytes(str(credential["rawId"])[:2048])
    except (ValueError, KeyError) as error:
        raise Unauthenticated(NOT_GOOD) from error


def checked_use(
    site: PasskeySite, challenge: bytes, passkey: Passkey, credential: Mapping[str, Any]
) -> tuple[int, bool]:
    """The new count and backup state. Raise Unauthenticated when the answer is not good (7.2): wrong key, challenge,
    origin or site, no user verification, or a count that went back (a copied device)."""
    try:
        seen = webauthn.verify_authentication_response(
            credential=_checked(credential),
            expected_challenge=challenge,
            expected_rp_id=site.rp_id,
            expected_origin=list(site.origins),
            credential_public_key=passkey.public_key,
            credential_current_sign_count=passkey.sign_count,
            require_user_verification=True,
        )
    except (WebAuthnException, Invalid, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated(NOT_GOOD) from error
    handle = credential.get("response", {}).get("userHandle")
    if handle and webauthn.base64url_to_bytes(str(handle)[:128]) != user_handle(passkey.user_id):
        raise Unauthenticated(NOT_GOOD)
    return seen.new_sign_count, seen.credential_backed_up


def _checked(credential: Mapping[str, Any]) -> dict[str, Any]:
    if len(json.dumps(credential)) > CREDENTIAL_LIMIT_BYTES:
        raise Invalid("the device's answer is too long", field="credential")
    return dict(credential)


def _as_json(options: Any) -> Mapping[str, Any]:
    return dict(json.loads(webauthn.options_to_json(options)))


def _told(error: Exception) -> str:
    return str(error).splitlines()[0][:200] if str(error) else type(error).__name__
