"""The way back in for somebody whom no other administrator can help, by the owner of the machine, while the platform
stands still: second factors removed, and a first password set if that is lost too. Never an auditor's password."""

from dataclasses import replace

from fengtai.apps.clocks import SystemClock
from fengtai.apps.keeping.database_copies import is_sqlite, sqlite_path
from fengtai.apps.schema import sql_stores
from fengtai.apps.server.only_process import OnlyProcess
from fengtai.apps.settings import Settings
from fengtai.domain.access.model import Role
from fengtai.domain.access.ports import PersonStore
from fengtai.domain.access.rules import checked_password, name_key
from fengtai.domain.access.service.keeping import keep_password
from fengtai.domain.access.service.second_factors import remove_all_keys
from fengtai.domain.audit.model import AuditEntry
from fengtai.domain.audit.ports import AuditLog
from fengtai.storage.passwords import Argon2Passwords
from fengtai.storage.postgres.database import PostgresDatabase
from fengtai.storage.schema import upgrade
from fengtai.storage.sql_engine import SqlEngine
from fengtai.storage.sqlite.database import SqliteDatabase
from fengtai.vocabulary.errors import Forbidden, Invalid, NotFound
from fengtai.vocabulary.transactions import UnitOfWork


async def reset_person_keys(settings: Settings, name: str, reason: str, password: str = "") -> list[str]:
    """What was done, in sentences. Raise NotFound for a name that nobody has, Invalid without a reason or for a bad
    password, Unavailable while the platform runs."""
    if len(reason.strip()) < 4:
        raise Invalid("say why, in a few words", field="reason")
    password_hash = ""
    if password:
        checked_password(password, name=name, profile=settings.access.password_profile)
        password_hash = await Argon2Passwords().hash(password)
    lock = OnlyProcess(settings.data)
    try:
        upgrade(settings.database_url)
        engine = _engine(settings)
        await engine.open()
        try:
            return await engine.write(lambda uow: _reset(uow, name, reason.strip(), password_hash))
        finally:
            await engine.close()
    finally:
        lock.close()


def _reset(uow: UnitOfWork, name: str, reason: str, password_hash: str) -> list[str]:
    people = uow.store(PersonStore)
    person = people.by_name_key(name_key(name))
    if person is None:
        raise NotFound(f"nobody has the name {name}")
    if password_hash and Role.AUDITOR in person.roles:
        raise Forbidden("nobody may set an auditor's password; add a new auditor instead")
    removed, ended = remove_all_keys(uow, person.id)
    told = [f"second factors of {person.name} are removed, {len(ended)} sessions ended"]
    if password_hash:
        person = replace(person, password_hash=password_hash)
        people.save(person, name_key=name_key(person.name))
        keep_password(uow, person, by_other=True)
        told.append("the new password is set, to be changed when it is first used")
    uow.store(AuditLog).append(
        AuditEntry(
            actor="system:keys",
            action="person.keys_reset",
            object=f"person:{person.id}",
            purpose=reason,
            details={"name": person.name, "password": bool(password_hash), **removed},
        )
    )
    return told


def _engine(settings: Settings) -> SqlEngine:
    url, clock = settings.database_url, SystemClock()
    if is_sqlite(url):
        return SqliteDatabase(sqlite_path(url), clock, sql_stores())
    return PostgresDatabase(url, clock, sql_stores())
