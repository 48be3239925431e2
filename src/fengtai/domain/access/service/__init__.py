"""The use cases of access: the desk at the door, rights, passwords, second factors, passkeys, API tokens, providers."""

from fengtai.domain.access.service.approvals import ApprovalDesk
from fengtai.domain.access.service.desk import NO_SESSION, AccessDesk, NewPerson
from fengtai.domain.access.service.opening import SecondStep, SignedIn, Way
from fengtai.domain.access.service.passkeys import PasskeyDesk
from fengtai.domain.access.service.passwords import PasswordDesk
from fengtai.domain.access.service.people import PeopleDesk, PersonWords
from fengtai.domain.access.service.providers import ProviderDesk
from fengtai.domain.access.service.rights_desk import RightsDesk, Why
from fengtai.domain.access.service.second_factors import SecondFactorDesk
from fengtai.domain.access.service.tokens import TokenDesk

__all__ = [
    "NO_SESSION",
    "AccessDesk",
    "ApprovalDesk",
    "NewPerson",
    "PasskeyDesk",
    "PasswordDesk",
    "PeopleDesk",
    "PersonWords",
    "ProviderDesk",
    "RightsDesk",
    "SecondFactorDesk",
    "SecondStep",
    "SignedIn",
    "TokenDesk",
    "Way",
    "Why",
]
