"""Transactions always have a territory, and the database enforces it."""

import asyncio
import contextlib

import asyncpg
import pytest

from smp.contracts import SlotBooked
from smp.contracts.examples import EXAMPLES
from smp.ids import new_id
from smp.postgres import Scope, is_transient
from tests.support.databases import ServiceDatabase

MAYENNE = Scope(frozenset({"53"}))
SARTHE = Scope(frozenset({"72"}))
_OTHERS = "FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()"
ADD = "INSERT INTO note (id, territory, text) VALUES ($1, $2, $3)"


async def test_a_row_is_seen_only_inside_its_territory(floor_database: ServiceDatabase) -> None:
    async with floor_database.database.transaction(MAYENNE) as tx:
        await tx.execute(ADD, new_id(), "53", "a")
    async with floor_database.database.transaction(SARTHE) as tx:
        assert await tx.fetchval("SELECT count(*) FROM note") == 0
    async with floor_database.database.transaction(MAYENNE) as tx:
        assert await tx.fetchval("SELECT count(*) FROM note") == 1


async def test_a_row_cannot_be_written_into_another_territory(floor_database: ServiceDatabase) -> None:
    with pytest.raises(asyncpg.InsufficientPrivilegeError):
        async with floor_database.database.transaction(MAYENNE) as tx:
            await tx.execute(ADD, new_id(), "72", "a")


async def test_statements_one_by_one_see_and_write_only_their_territory(floor_database: ServiceDatabase) -> None:
    database = floor_database.database
    for scope, territory in ((MAYENNE, "53"), (SARTHE, "72"), (MAYENNE, "53")):
        async with database.autocommit(scope) as db:
            await db.fetch(ADD, new_id(), territory, "a")
            assert {row["territory"] for row in await db.fetch("SELECT territory FROM note")} == {territory}
            with pytest.raises(asyncpg.InsufficientPrivilegeError):
                await db.fetch(ADD, new_id(), "44", "a")


async def test_statements_one_by_one_keep_their_territory_when_the_server_ends_their_session(
    floor_database: ServiceDatabase,
) -> None:
    database = floor_database.database
    async with database.autocommit(MAYENNE) as db:
        await db.fetch(ADD, new_id(), "53", "a")
    async with floor_database.admin() as admin:
        await admin.fetch(f"SELECT pg_terminate_backend(pid, 5000) {_OTHERS}", floor_database.name)
    with contextlib.suppress(asyncpg.PostgresError, asyncpg.InterfaceError, OSError):
        async with database.autocommit(MAYENNE) as db:
            await db.fetch("SELECT 1")  # the session is found dead
    async with database.autocommit(MAYENNE) as db:
        assert len(await db.fetch("SELECT FROM note")) == 1


async def test_the_territory_of_statements_one_by_one_is_not_seen_by_other_sessions(
    floor_database: ServiceDatabase,
) -> None:
    async with floor_database.database.autocommit(MAYENNE) as db:
        await db.fetch(ADD, new_id(), "53", "a")
    for _ in range(5):
        async with floor_database.database.session() as connection:
            assert await connection.fetchval("SELECT count(*) FROM note") == 0


async def test_a_reading_sees_its_territories_and_what_was_committed_before_each_statement(
    floor_database: ServiceDatabase,
) -> None:
    database = floor_database.database
    reading = database.reading(MAYENNE)
    assert await reading.fetchval("SELECT count(*) FROM note") == 0
    for scope, territory in ((MAYENNE, "53"), (SARTHE, "72")):
        async with database.transaction(scope) as tx:
            await tx.execute(ADD, new_id(), territory, "a")
    assert [row["territory"] for row in await reading.fetch("SELECT territory FROM note")] == ["53"]
    reading.rescope(Scope.everywhere())
    assert await reading.fetchval("SELECT count(*) FROM note") == 2
    reading.rescope(SARTHE)
    assert dict(await reading.fetchrow("SELECT territory FROM note") or {}) == {"territory": "72"}


async def test_readings_of_several_territories_at_once_see_each_their_own(floor_database: ServiceDatabase) -> None:
    database = floor_database.database
    scopes = {"53": MAYENNE, "72": SARTHE}
    for territory, scope in scopes.items():
        async with database.transaction(scope) as tx:
            await tx.execute(ADD, new_id(), territory, "a")

    async def look(territory: str) -> bool:
        rows = await database.reading(scopes[territory]).fetch("SELECT territory, pg_sleep(0.001) FROM note")
        return [row["territory"] for row in rows] == [territory]

    assert all(await asyncio.gather(*(look(territory) for territory in ("53", "72") * 20)))


async def test_a_reading_changes_nothing(floor_database: ServiceDatabase) -> None:
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await floor_database.database.reading(MAYENNE).fetch(ADD, new_id(), "53", "a")


async def test_a_transaction_that_fails_leaves_nothing(floor_database: ServiceDatabase) -> None:
    with pytest.raises(ZeroDivisionError):
        async with floor_database.database.transaction(MAYENNE) as tx:
            await tx.execute(ADD, new_id(), "53", "a")
            raise ZeroDivisionError
    async with floor_database.database.transaction(MAYENNE) as tx:
        assert await tx.fetchval("SELECT count(*) FROM note") == 0


@pytest.mark.parametrize(
    ("error", "passes"),
    [
        (asyncpg.CannotConnectNowError("the database system is in recovery mode"), True),
        (asyncpg.AdminShutdownError("terminating connection"), True),
        (asyncpg.InternalClientError("cannot switch to state 12; another operation (2) is in progress"), True),
        (asyncpg.ProtocolError("unexpected message"), False),
        (asyncpg.DataError("invalid input for query argument $1"), False),
        (asyncpg.UniqueViolationError("duplicate key"), False),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_session_that_the_server_ends_is_a_failure_that_passes(error: Exception, passes: bool) -> None:
    assert is_transient(error) is passes


def test_a_scope_refuses_what_is_not_a_territory() -> None:
    with pytest.raises(ValueError, match="département"):
        Scope(frozenset({"53'; DROP TABLE note; --"}))


async def test_the_app_role_owns_nothing_and_cannot_bypass_row_security(floor_database: ServiceDatabase) -> None:
    async with floor_database.admin() as admin:
        role = await admin.fetchrow(
            "SELECT rolsuper, rolbypassrls, rolcreaterole, rolcreatedb FROM pg_roles WHERE rolname = 'toy_app'"
        )
        owned = await admin.fetchval("SELECT count(*) FROM pg_class WHERE relowner = 'toy_app'::regrole")
    assert role is not None
    assert tuple(role) == (False, False, False, False)
    assert owned == 0


async def test_a_transaction_that_goes_on_in_another_territory_sees_only_that_one(
    floor_database: ServiceDatabase,
) -> None:
    async with floor_database.database.transaction(MAYENNE) as tx:
        await tx.execute(ADD, new_id(), "53", "a")
        tx.rescope(SARTHE)
        assert await tx.fetchval("SELECT count(*) FROM note") == 0
        await tx.execute(ADD, new_id(), "72", "a")
        tx.rescope(MAYENNE)
        assert [row["territory"] for row in await tx.fetch("SELECT territory FROM note")] == ["53"]


async def test_an_attempt_that_fails_leaves_nothing_and_the_transaction_goes_on(
    floor_database: ServiceDatabase,
) -> None:
    async with floor_database.database.transaction(MAYENNE) as tx:
        await tx.execute(ADD, new_id(), "53", "before")
        tx.publish(EXAMPLES[SlotBooked])
        with pytest.raises(ZeroDivisionError):
            async with tx.savepoint():
                await tx.execute(ADD, new_id(), "53", "attempt")
                tx.publish(EXAMPLES[SlotBooked])
                tx.rescope(SARTHE)
                await tx.execute(ADD, new_id(), "72", "attempt")
                raise ZeroDivisionError
        assert len(tx.events) == 1
        await tx.execute(ADD, new_id(), "53", "after")
    async with floor_database.admin() as admin:
        assert await admin.fetchval("SELECT count(*) FROM smp.outbox") == 1
        assert await admin.fetchval("SELECT array_agg(text ORDER BY id) FROM note") == ["before", "after"]


async def test_an_attempt_inside_another_is_undone_alone(floor_database: ServiceDatabase) -> None:
    async with floor_database.database.transaction(MAYENNE) as tx, tx.savepoint():
        await tx.execute(ADD, new_id(), "53", "outer")
        with contextlib.suppress(asyncpg.InsufficientPrivilegeError):
            async with tx.savepoint():
                await tx.execute(ADD, new_id(), "53", "inner")
                await tx.execute(ADD, new_id(), "72", "not ours")
        async with tx.savepoint():
            await tx.execute(ADD, new_id(), "53", "second")
    async with floor_database.admin() as admin:
        assert await admin.fetchval("SELECT array_agg(text ORDER BY id) FROM note") == ["outer", "second"]
