"""PostgreSQL is set as it is meant for health data, and no service's role can do more than it must."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from smp_local.postgres import Postgres
from smp_local.trouble import Trouble


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Postgres]:
    """Durable, as `make run` starts it."""
    server = Postgres(tmp_path_factory.mktemp("postgres"))
    server.start()
    server.create_service("booking")
    yield server
    server.stop()


@pytest.mark.parametrize("name", ["fsync", "full_page_writes", "synchronous_commit", "data_checksums"])
def test_nothing_that_protects_data_at_a_power_cut_is_off(server: Postgres, name: str) -> None:
    assert server.psql(f"SHOW {name}") == "on"


def test_it_is_postgresql_18_on_loopback_with_scram_passwords(server: Postgres) -> None:
    assert server.psql("SHOW server_version").startswith("18.")
    assert server.psql("SHOW listen_addresses") == "127.0.0.1"
    methods = server.psql("SELECT DISTINCT auth_method FROM pg_hba_file_rules")
    assert methods == "scram-sha-256"


def test_the_servers_log_does_not_quote_the_row_that_it_refuses(server: Postgres) -> None:
    server.psql("CREATE TABLE person (name text PRIMARY KEY); INSERT INTO person VALUES ('Landelle')")
    with pytest.raises(Trouble):
        server.psql("INSERT INTO person SELECT 'Lan' || 'delle'")
    said = server.log.read_text()
    assert "duplicate key value" in said
    assert "Landelle" not in said.partition("duplicate key value")[2]


def test_passwords_are_read_by_their_owner_alone(server: Postgres) -> None:
    assert (server.home / "passwords.json").stat().st_mode & 0o777 == 0o600


@pytest.mark.parametrize("role", ["booking_app", "booking_migrator"])
def test_no_role_of_a_service_is_superuser_or_passes_over_row_security(server: Postgres, role: str) -> None:
    rights = "rolsuper, rolbypassrls, rolcreatedb, rolcreaterole, rolreplication, rolcanlogin"
    assert server.psql(f"SELECT {rights} FROM pg_roles WHERE rolname = '{role}'") == "f|f|f|f|f|t"


def test_the_migrator_owns_the_database_and_the_application_owns_nothing(server: Postgres) -> None:
    owner = "SELECT pg_get_userbyid(datdba) FROM pg_database WHERE datname = 'booking'"
    owned = "SELECT count(*) FROM pg_shdepend WHERE deptype = 'o' AND refobjid = 'booking_app'::regrole"
    memberships = "SELECT count(*) FROM pg_auth_members WHERE member = 'booking_app'::regrole"
    assert server.psql(owner) == "booking_migrator"
    assert server.psql(owned, "booking") == "0"
    assert server.psql(memberships) == "0"


def test_a_service_cannot_enter_the_database_of_another(server: Postgres) -> None:
    server.create_service("registry")
    asked = "SELECT has_database_privilege('booking_app', 'registry', 'CONNECT')"
    assert server.psql(asked) == "f"


def test_the_application_cannot_create_anything(server: Postgres) -> None:
    schema = "SELECT has_schema_privilege('booking_app', 'public', 'CREATE')"
    database = "SELECT has_database_privilege('booking_app', 'booking', 'CREATE')"
    assert server.psql(schema, "booking") == "f"
    assert server.psql(database) == "f"


def test_creating_a_service_twice_changes_nothing(server: Postgres) -> None:
    before = server.password("booking_app")
    server.create_service("booking")
    assert server.password("booking_app") == before


def test_a_name_that_is_not_a_plain_word_never_reaches_sql(server: Postgres) -> None:
    with pytest.raises(Trouble):
        server.create_service("x; DROP DATABASE booking")


@pytest.fixture
def own(tmp_path: Path) -> Iterator[Postgres]:
    server = Postgres(tmp_path / "pg", durable=False)
    yield server
    server.stop()


def test_what_was_committed_is_there_after_kill_9(own: Postgres) -> None:
    own.start()
    own.psql("CREATE TABLE kept AS SELECT 42 AS n")
    own.kill()
    assert own.pid is None
    own.start()
    assert own.psql("SELECT n FROM kept") == "42"


def test_a_creation_that_was_cut_is_started_again(own: Postgres) -> None:
    draft = own.home / "data.part"
    draft.mkdir(parents=True)
    (draft / "PG_VERSION").write_text("18\n")
    own.start()
    assert own.psql("SELECT 1") == "1"
    assert not draft.exists()


def test_a_server_whose_starter_was_killed_is_taken_over(own: Postgres) -> None:
    own.start()
    orphan = own.pid
    heir = Postgres(own.home, own.port, durable=False)
    heir.start()
    assert heir.pid not in (None, orphan)
    heir.stop()


def test_data_of_another_version_is_refused_with_the_name_of_its_folder(own: Postgres) -> None:
    own.data.mkdir(parents=True)
    (own.data / "PG_VERSION").write_text("16\n")
    with pytest.raises(Trouble, match="16") as told:
        own.start()
    assert str(own.data) in told.value.what
