"""Encrypted brokers have to show a certificate for their own name.

By itself kombu takes any certificate from a Redis, and from a RabbitMQ one that was issued for somebody else.
"""

import ssl
from typing import Any, Final

# By the scheme of the broker's address. A server_hostname of None stands for the host of the address.
BROKER_TLS: Final[dict[str, dict[str, Any]]] = {
    "rediss": {"ssl_cert_reqs": ssl.CERT_REQUIRED},
    "amqps": {"cert_reqs": ssl.CERT_REQUIRED, "server_hostname": None},
}
