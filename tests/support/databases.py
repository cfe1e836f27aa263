"""A database per test, cloned from a template that was migrated once, with the roles of production."""

from __future__ import annotations

import contextlib
import itertools
import os
from collections.abc import AsyncIterator
from dataclasses import dataclass
from urllib.parse import urlsplit, urlunsplit

import asyncpg

from smp.migrations import migrate
from smp.postgres import Database

_PASSWORD = "test"
_numbers = itertools.count(1)
_templates: dict[tuple[str, str], str] = {}


@dataclass(frozen=True, slots=True)
class ServiceDatabase:
    """One service's database; `database` is the app role's pool, as a process has it."""

    name: str
    app_url: str
    migrator_url: str
    admin_url: str
    database: Database

    @contextlib.asynccontextmanager
    async def admin(self) -> AsyncIterator[asyncpg.Connection]:
        """A superuser's connection: sees every territory. For assertions, never for the code under test."""
        connection = await asyncpg.connect(self.admin_url)
        try:
            yield connection
        finally:
            await connection.close()


def address(admin_url: str, role: str | None, database: str) -> str:
    """The admin's address with another role and database."""
    parts = urlsplit(admin_url)
    where = f"{parts.hostname}:{parts.port}"
    login = f"{role}:{_PASSWORD}" if role else f"{parts.username}:{parts.password}"
    return urlunsplit((parts.scheme, f"{login}@{where}", f"/{database}", "", ""))


@contextlib.asynccontextmanager
async def service_database(
    admin_url: str, service: str, package: str, *, pool: int = 10
) -> AsyncIterator[ServiceDatabase]:
    """A fresh, migrated database of `service`; dropped at the end."""
    template = await _template(admin_url, service, package)
    name = f"test_{service}_{os.getpid()}_{next(_numbers)}"
    await _admin(admin_url, f'CREATE DATABASE "{name}" TEMPLATE "{template}" OWNER {service}_migrator')
    app_url = address(admin_url, f"{service}_app", name)
    database = await Database.connect(app_url, size=pool)
    try:
        yield ServiceDatabase(
            name, app_url, address(admin_url, f"{service}_migrator", name), address(admin_url, None, name), database
        )
    finally:
        await database.close()
        await _admin(admin_url, f'DROP DATABASE "{name}" WITH (FORCE)')


async def _template(admin_url: str, service: str, package: str) -> str:
    known = _templates.get((admin_url, service))
    if known:
        return known
    name = f"template_{service}_{os.getpid()}"
    for role in (f"{service}_migrator", f"{service}_app"):
        await _admin(
            admin_url,
            f"DO $$ BEGIN IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = '{role}') THEN "
            f"CREATE ROLE {role} LOGIN NOSUPERUSER NOBYPASSRLS PASSWORD '{_PASSWORD}'; END IF; END $$",
        )
    await _admin(admin_url, f'CREATE DATABASE "{name}" OWNER {service}_migrator')
    owner = await asyncpg.connect(address(admin_url, None, name))
    await owner.execute(f"ALTER SCHEMA public OWNER TO {service}_migrator")
    await owner.close()
    migrate(address(admin_url, f"{service}_migrator", name), package)
    _templates[(admin_url, service)] = name
    return name


async def _admin(admin_url: str, sql: str) -> None:
    connection = await asyncpg.connect(admin_url)
    try:
        await connection.execute(sql)
    finally:
        await connection.close()
