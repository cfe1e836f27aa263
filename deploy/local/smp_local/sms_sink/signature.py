"""OVHcloud's request signature: "$1$" + SHA1(secret+consumer+METHOD+url+body+timestamp, joined by "+")."""

import hashlib
import hmac
from collections.abc import Mapping

from smp_local.sms_sink.problems import Refused

_TOLERANCE = 300.0  # seconds between the two clocks


def sign(secret: str, consumer: str, method: str, url: str, body: bytes, timestamp: str) -> str:
    """The signature that a client puts in X-Ovh-Signature; `url` is the full address, query included."""
    signed = b"+".join([secret.encode(), consumer.encode(), method.encode(), url.encode(), body, timestamp.encode()])
    return "$1$" + hashlib.sha1(signed).hexdigest()  # noqa: S324 - the provider's scheme


class Signatures:
    """Checks the four X-Ovh-* headers of a request."""

    def __init__(self, application: str, secret: str, consumer: str) -> None:
        self._application, self._secret, self._consumer = application, secret, consumer

    def check(self, headers: Mapping[str, str], method: str, url: str, body: bytes, now: float) -> None:
        """Raise `Refused` (403) unless our own client signed this very request less than five minutes ago."""
        timestamp = headers.get("x-ovh-timestamp", "")
        if not _same(headers.get("x-ovh-application", ""), self._application):
            raise Refused(403, "INVALID_KEY", "This application key is invalid")
        if not _same(headers.get("x-ovh-consumer", ""), self._consumer):
            raise Refused(403, "NOT_CREDENTIAL", "This credential does not exist")
        expected = sign(self._secret, self._consumer, method, url, body, timestamp)
        if not _same(headers.get("x-ovh-signature", ""), expected):
            raise Refused(403, "INVALID_SIGNATURE", "Invalid signature")
        if not (timestamp.isdecimal() and len(timestamp) < 12 and abs(int(timestamp) - now) <= _TOLERANCE):
            raise Refused(403, "QUERY_TIME_OUT", "Query out of time: read the clock from /1.0/auth/time")


def _same(given: str, expected: str) -> bool:
    return hmac.compare_digest(given.encode(), expected.encode())
