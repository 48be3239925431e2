"""The machine's owner lets somebody back in who lost device and password, while the platform stands still."""

from pathlib import Path

import pyotp
import pytest

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping.lost_keys import reset_person_keys
from fengtai.apps.schema import sql_stores
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.settings import Settings, load_settings
from fengtai.domain.access.model import AccessPolicy, Due
from fengtai.domain.access.service import AccessDesk, NewPerson, SecondFactorDesk, SecondStep, SignedIn
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.schema import upgrade
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.storage.vault import FileVault
from fengtai.vocabulary.errors import Forbidden, Invalid, NotFound, Unavailable

POLICY = AccessPolicy(change_given_passwords=True)
QUICK = Argon2Passwords(memory_kib=8, passes=1)
OLD, FRESH = "Lantern in harbour 1", "Harbour in lantern 2"


@pytest.fixture
async def settings(tmp_path: Path) -> Settings:
    """A data folder in which the administrator has an authenticator app."""
    settings = load_settings(environ={"FENGTAI_DATA": str(tmp_path)})
    upgrade(settings.database_url)
    database, desk = await opened(settings)
    token = await desk.setup_token()
    assert token is not None
    await desk.set_up(token, administrator=NewPerson("admin", OLD), auditor=NewPerson("auditor", f"{OLD} x"))
    signed = await desk.sign_in("admin", OLD, source_ip="")
    assert isinstance(signed, SignedIn)
    clock, vault = SystemClock(), FileVault(tmp_path / "vault.key")
    factors = SecondFactorDesk(transactions=database, hasher=QUICK, vault=vault, access=desk)
    offer = await factors.offer_totp(password="", by=signed.actor)
    code = pyotp.TOTP(offer.secret).at(clock.now().utc)
    await factors.enrol_totp(offer.ticket, code, by=signed.actor)
    await database.close()
    return settings


async def opened(settings: Settings) -> tuple[SqliteDatabase, AccessDesk]:
    clock = SystemClock()
    database = SqliteDatabase(settings.data / "fengtai.sqlite", clock, sql_stores())
    await database.open()
    return database, AccessDesk(transactions=database, clock=clock, hasher=QUICK, policy=POLICY)


async def signed_in(settings: Settings, password: str) -> SignedIn | SecondStep:
    database, desk = await opened(settings)
    try:
        return await desk.sign_in("admin", password, source_ip="")
    finally:
        await database.close()


async def test_the_second_factor_goes_and_the_password_stays(settings: Settings) -> None:
    assert isinstance(await signed_in(settings, OLD), SecondStep)
    told = await reset_person_keys(settings, " ADMIN ", "phone was stolen")
    assert told == ["second factors of admin are removed, 1 sessions ended"]
    assert isinstance(await signed_in(settings, OLD), SignedIn)


async def test_a_new_first_password_is_to_be_changed(settings: Settings) -> None:
    await reset_person_keys(settings, "admin", "forgot everything", FRESH)
    signed = await signed_in(settings, FRESH)
    assert isinstance(signed, SignedIn)
    assert signed.session.due == {Due.PASSWORD}


async def test_what_is_refused(settings: Settings) -> None:
    with pytest.raises(NotFound):
        await reset_person_keys(settings, "nobody", "phone was stolen")
    with pytest.raises(Invalid):
        await reset_person_keys(settings, "admin", " ")
    with pytest.raises(Invalid):
        await reset_person_keys(settings, "admin", "phone was stolen", "password")
    with pytest.raises(Forbidden):
        await reset_person_keys(settings, "auditor", "phone was stolen", FRESH)
    lock = OnlyProcess(settings.data)
    try:
        with pytest.raises(Unavailable):
            await reset_person_keys(settings, "admin", "phone was stolen")
    finally:
        lock.close()
    assert isinstance(await signed_in(settings, OLD), SecondStep)
