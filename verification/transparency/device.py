"""Signing with a key in a device (PKCS#11), such as an HSM or a token. The key never leaves it."""

from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as TooLate
from dataclasses import dataclass, field
from functools import cache, cached_property
from typing import Any, Final

import pkcs11
from pkcs11 import Attribute, Mechanism, ObjectClass

from verification.transparency.notes import KEY_BYTES, PublicKey

# A device that has not answered by then is taken for dead. Seconds.
PATIENCE: Final = 10.0


class DeviceFailed(Exception):
    """The device did not sign; the message has its error, for an operator."""


@dataclass(frozen=True)
class Device:
    """`module` is the path of its library, `token` the label of the token in it."""

    module: str
    token: str
    pin: str = field(repr=False)


@dataclass(frozen=True)
class DeviceSigner:
    """The Ed25519 key of that label. Nothing is opened before it is used, because a process may fork until then."""

    name: str
    label: str
    device: Device

    @cached_property
    def key(self) -> PublicKey:
        return PublicKey(self.name, _in_time(self._public))

    def sign(self, content: bytes) -> bytes:
        return _in_time(self._sign, content)

    def _public(self) -> bytes:
        with self._session() as session:
            point = session.get_key(object_class=ObjectClass.PUBLIC_KEY, label=self.label)[Attribute.EC_POINT]
            # Devices give the 32 bytes as they are, or wrapped as an octet string.
            return bytes(point[-KEY_BYTES:])

    def _sign(self, content: bytes) -> bytes:
        with self._session() as session:
            key = session.get_key(object_class=ObjectClass.PRIVATE_KEY, label=self.label)
            return bytes(key.sign(content, mechanism=Mechanism.EDDSA))

    def _session(self) -> Any:
        token = pkcs11.lib(self.device.module).get_token(token_label=self.device.token)
        return token.open(user_pin=self.device.pin)


@cache
def _thread() -> ThreadPoolExecutor:
    """One thread of its own: a device that hangs holds that, and nothing else."""
    return ThreadPoolExecutor(1, thread_name_prefix="pkcs11")


def _in_time(work: Any, *arguments: bytes) -> bytes:
    """Raises DeviceFailed, after PATIENCE at the latest."""
    future: Future[bytes] = _thread().submit(work, *arguments)
    try:
        return future.result(PATIENCE)
    except TooLate:
        future.cancel()
        raise DeviceFailed(f"The device has not answered for {PATIENCE:.0f} s.") from None
    except (pkcs11.PKCS11Error, RuntimeError) as error:
        raise DeviceFailed(f"The device failed: {type(error).__name__}.") from None
