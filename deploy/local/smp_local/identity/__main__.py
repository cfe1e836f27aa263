"""`python -m smp_local.identity`: the local identity issuer on SMP_HTTP_HOST:SMP_HTTP_PORT."""

import sys

import uvicorn

from smp.logging import configure
from smp_local.identity.app import LONGEST_LIFE, create_app
from smp_local.identity.keys import DamagedKey, SigningKeys
from smp_local.identity.settings import Settings
from smp_local.loopback import load_or_exit


def main() -> None:
    """Run until stopped."""
    settings = load_or_exit(Settings, "The local identity issuer")
    configure("identity")
    try:
        keys = SigningKeys(settings.identity_home, keep=LONGEST_LIFE)
    except (DamagedKey, OSError) as error:
        sys.exit(f"The local identity issuer cannot start: {error}")
    app = create_app(settings, keys)
    uvicorn.run(app, host=settings.http_host, port=settings.http_port, log_config=None, access_log=False)


if __name__ == "__main__":
    main()
