"""A process with wrong settings says all that is wrong, at once, and does not start."""

import pytest

from smp.settings import BaseSettings, load

GOOD = {
    "SMP_ENVIRONMENT": "test",
    "SMP_DATABASE_URL": "postgresql://app:very-secret@127.0.0.1/x",
    "SMP_KAFKA_BOOTSTRAP": "127.0.0.1:9092",
    "SMP_HTTP_PORT": "8101",
    "SMP_OIDC_ISSUER": "http://127.0.0.1:8100",
    "SMP_OIDC_JWKS_URL": "http://127.0.0.1:8100/jwks",
}


@pytest.fixture
def environment(monkeypatch: pytest.MonkeyPatch) -> pytest.MonkeyPatch:
    for name, value in GOOD.items():
        monkeypatch.setenv(name, value)
    return monkeypatch


def test_good_settings_are_read(environment: pytest.MonkeyPatch) -> None:
    assert load(BaseSettings).http_port == 8101


def test_all_that_is_missing_or_wrong_is_told_at_once_without_a_value(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    environment.delenv("SMP_DATABASE_URL")
    environment.delenv("SMP_OIDC_ISSUER")
    environment.setenv("SMP_HTTP_PORT", "very-secret-port")
    with pytest.raises(SystemExit) as ended:
        load(BaseSettings)
    said = capsys.readouterr().err
    assert ended.value.code == 2
    assert "SMP_DATABASE_URL: is missing" in said
    assert "SMP_OIDC_ISSUER: is missing" in said
    assert "SMP_HTTP_PORT" in said
    assert "very-secret" not in said


@pytest.mark.parametrize(
    ("name", "value", "sentence"),
    [
        ("SMP_CLOCK_FILE", "/tmp/clock.json", "SMP_CLOCK_FILE is for local worlds"),  # noqa: S108
        ("SMP_OIDC_ISSUER", "http://issuer.example", "must be an https:// address"),
        ("SMP_OIDC_ISSUER", "https://127.0.0.1:8100", "local issuer"),
    ],
)
def test_production_refuses_the_toys_of_a_local_world(
    environment: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], name: str, value: str, sentence: str
) -> None:
    environment.setenv("SMP_ENVIRONMENT", "production")
    environment.setenv("SMP_OIDC_ISSUER", "https://issuer.example")
    environment.setenv(name, value)
    with pytest.raises(SystemExit):
        load(BaseSettings)
    assert sentence in capsys.readouterr().err


def test_an_environment_nobody_named_is_production(environment: pytest.MonkeyPatch) -> None:
    environment.delenv("SMP_ENVIRONMENT")
    environment.setenv("SMP_OIDC_ISSUER", "https://issuer.example")
    assert load(BaseSettings).environment == "production"
