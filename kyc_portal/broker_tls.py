"""Encrypted brokers have to show a certificate for their own name.

By itself kombu takes any certificate from a Redis, and from a RabbitMQ one that was issued for somebody else.
"""

import ssl
from typing import Any, Final

# By scheme. kombu fills in a server_hostname of None with the host of the first address that it connects to.
_TLS: Final[dict[str, dict[str, Any]]] = {
    "rediss": {"ssl_cert_reqs": ssl.CERT_REQUIRED},
    "amqps": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None},
}


def tls_of(broker: str) -> dict[str, Any] | None:
    """Celery's `broker_use_ssl` for this address, or for several with semicolons between them; None without TLS.

    A copy, because kombu writes into it.
    """
    tls = _TLS.get(broker.partition(":")[0].lower())
    return dict(tls) if tls else None
