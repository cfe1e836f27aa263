"""`python -m smp_local.sms_sink`: the SMS sink on SMP_HTTP_HOST:SMP_HTTP_PORT."""

import sqlite3
import sys

import uvicorn

from smp.logging import configure
from smp_local.loopback import load_or_exit
from smp_local.sms_sink.app import create_app
from smp_local.sms_sink.settings import Settings


def main() -> None:
    """Run until stopped."""
    settings = load_or_exit(Settings, "The SMS sink")
    configure("sms-sink")
    try:
        app = create_app(settings)
    except (OSError, sqlite3.Error, ValueError) as error:
        sys.exit(f"The SMS sink cannot start: its folder {settings.sms_home} or its clock is unusable ({error}).")
    uvicorn.run(
        app,
        host=settings.http_host,
        port=settings.http_port,
        log_config=None,
        access_log=False,
        timeout_graceful_shutdown=2,  # seconds: the silent scenario must not hold a stop back
    )


if __name__ == "__main__":
    main()
