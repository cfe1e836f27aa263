"""The `SMP_*` environment of each process of a local world. Secrets are made once and kept in a file of mode 600."""

import base64
import os
import secrets

from smp_local.home import Home, read_json, write_json
from smp_local.ports import Ports
from smp_local.postgres import Postgres

SERVICES = ("registry", "booking", "notifications", "reporting")
TERRITORIES = "53,72"  # of the worlds that a run opens: service accounts may act there

# What a process of a local world inherits from the account that runs it: nothing of another world's settings.
INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ", "TMPDIR", "USER", "SSL_CERT_FILE", "JAVA_HOME")


class Secrets:
    """Made at first use, then always the same: they survive restarts as the data they protect do."""

    def __init__(self, home: Home) -> None:
        self._file = home.secrets
        self._known: dict[str, str] = read_json(home.secrets) or {}

    def of(self, name: str) -> str:
        return self._kept(name, lambda: secrets.token_urlsafe(24))

    def key_encryption_keys(self) -> str:
        """`k1:<32 random bytes in base64>`: what wraps each patient's data key."""
        return self._kept("key_encryption_keys", lambda: "k1:" + base64.b64encode(secrets.token_bytes(32)).decode())

    def _kept(self, name: str, make) -> str:  # type: ignore[no-untyped-def]
        if name not in self._known:
            self._known[name] = make()
            write_json(self._file, self._known, private=True)
        return self._known[name]


class Environments:
    """Builds the environment of each process of one world."""

    def __init__(self, home: Home, ports: Ports, postgres: Postgres, plugins: tuple[str, ...] = ()) -> None:
        self._home, self._ports, self._postgres, self._plugins = home, ports, postgres, plugins
        self._secrets = Secrets(home)

    def service(self, name: str, port: int) -> dict[str, str]:
        """Of a service or a plug-in: what DESIGN §7 lists, with its own database, roles and client secret."""
        return {
            **self._common(port),
            "SMP_DATABASE_URL": self._postgres.app_dsn(name),
            "SMP_KAFKA_BOOTSTRAP": f"127.0.0.1:{self._ports.kafka}",
            "SMP_OIDC_JWKS_URL": f"{self._identity}/jwks",
            "SMP_TOKEN_URL": f"{self._identity}/token",
            "SMP_CLIENT_ID": name,
            "SMP_CLIENT_SECRET": self._secrets.of(f"client/{name}"),
            "SMP_REGISTRY_URL": f"http://127.0.0.1:{self._ports.registry}",
            "SMP_CLOCK_FILE": str(self._home.clock),
            **self._own(name),
        }

    def migration(self, name: str, port: int) -> dict[str, str]:
        """The same with the owner's address: for `migrate` and `rebuild` only."""
        return {**self.service(name, port), "SMP_MIGRATION_DATABASE_URL": self._postgres.migrator_dsn(name)}

    def identity(self) -> dict[str, str]:
        clients = ",".join(f"{name}:{self._secrets.of(f'client/{name}')}" for name in (*SERVICES, *self._plugins))
        return {
            **self._common(self._ports.identity),
            "SMP_IDENTITY_HOME": str(self._home.root / "identity"),
            "SMP_IDENTITY_CLIENTS": clients,
            "SMP_IDENTITY_TERRITORIES": TERRITORIES,
        }

    def sms(self) -> dict[str, str]:
        return {
            **self._common(self._ports.sms),
            "SMP_SMS_HOME": str(self._home.root / "sms"),
            "SMP_CLOCK_FILE": str(self._home.clock),
            "SMP_SMS_CALLBACK_URL": self._sms_callback,
            **self._sms_keys(),
        }

    @property
    def _identity(self) -> str:
        return f"http://127.0.0.1:{self._ports.identity}"

    @property
    def _sms_callback(self) -> str:
        secret = self._secrets.of("sms/callback_secret")
        return f"http://127.0.0.1:{self._ports.notifications}/v1/sms-callbacks/{secret}"

    def _common(self, port: int) -> dict[str, str]:
        inherited = {name: os.environ[name] for name in INHERITED if name in os.environ}
        return {
            **inherited,
            "PYTHONUNBUFFERED": "1",
            "SMP_ENVIRONMENT": "local",
            "SMP_HTTP_HOST": "127.0.0.1",
            "SMP_HTTP_PORT": str(port),
            "SMP_OIDC_ISSUER": self._identity,
            "SMP_OIDC_AUDIENCE": "smp",
            "SMP_LOG_LEVEL": os.environ.get("SMP_LOG_LEVEL", "info"),
        }

    def _own(self, name: str) -> dict[str, str]:
        if name == "registry":
            return {"SMP_KEY_ENCRYPTION_KEYS": self._secrets.key_encryption_keys()}
        if name == "notifications":
            return {
                "SMP_SMS_URL": f"http://127.0.0.1:{self._ports.sms}",
                "SMP_SMS_CALLBACK_SECRET": self._secrets.of("sms/callback_secret"),
                **self._sms_keys(),
            }
        return {}

    def _sms_keys(self) -> dict[str, str]:
        keys = ("application_key", "application_secret", "consumer_key")
        given = {f"SMP_SMS_{key.upper()}": self._secrets.of(f"sms/{key}") for key in keys}
        return {"SMP_SMS_SERVICE": "sms-local-1", **given}
