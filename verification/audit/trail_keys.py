"""Who signs the log: the first key of the ring, once the log knows it. Each key is introduced by the one before it."""

from datetime import datetime
from functools import lru_cache
from typing import Any, Final

from django.conf import settings

from verification.audit import facts
from verification.audit.events import By, record
from verification.models import Policy, TrailHead, TrailKey
from verification.transparency import notes, signers
from verification.transparency.device import Device, DeviceFailed, DeviceSigner

__all__ = ["DeviceFailed", "NotIntroduced"]

# Behind it stands when a log was begun again.
_AGAIN: Final = "/from-"


class NotIntroduced(Exception):
    """The ring's first key may not sign the log: the message says why, and what to do, to an operator."""


@lru_cache(maxsize=2)
def _ring(text: str, origin: str) -> dict[str, notes.Signer]:
    return signers.ring(text, origin, _in_device)


def _in_device(label: str, origin: str) -> notes.Signer:
    found = Device(settings.PKCS11_MODULE, settings.PKCS11_TOKEN, settings.PKCS11_PIN)
    if not all((found.module, found.token, found.pin)):
        needed = "KYC_PKCS11_MODULE, KYC_PKCS11_TOKEN and KYC_PKCS11_PIN"
        raise signers.BadKeyring(f"A key in a device needs {needed} too.")
    return DeviceSigner(origin, label, found)


def ring() -> dict[str, notes.Signer]:
    """The signers by id, the one that signs first. Raises BadKeyring."""
    return _ring(settings.TRAIL_KEYS, origin())


def check(text: str) -> None:
    """Raises BadKeyring for a ring that no process could sign with."""
    _ring(text, "trail")


def origin() -> str:
    """The log's name, and its keys'. It stays wherever the portal moves, until the log is begun again."""
    newest = TrailKey.objects.order_by("-pk").first()
    return notes.PublicKey.parse(newest.vkey).name if newest is not None else first_origin()


def first_origin() -> str:
    return f"{settings.PUBLIC_URL.partition('://')[2]}/trail"


def known() -> list[notes.PublicKey]:
    """The public keys that have signed the log or may, in the order in which they were introduced."""
    return [notes.PublicKey.parse(key.vkey) for key in TrailKey.objects.all()]


def of_this_name() -> list[TrailKey]:
    """The keys of the log under the name that it has now, in the order in which they were introduced."""
    name = origin()
    return [key for key in TrailKey.objects.order_by("pk") if notes.PublicKey.parse(key.vkey).name == name]


def known_at(size: int) -> list[notes.PublicKey]:
    """The key that may have signed a checkpoint of that size: a retired one signs no later one."""
    row = TrailKey.objects.filter(since__lt=size).order_by("pk").last()
    return [notes.PublicKey.parse(row.vkey)] if row else []


def introduced(head: TrailHead, *, now: datetime) -> notes.Signer:
    """The signer of the log; a new one is introduced by the newest key that the log knows, if the ring has it.

    Call it in the transaction that holds the head's lock. Raises NotIntroduced.
    """
    by_key = {str(signer.key): signer for signer in ring().values()}
    vkey, signer = next(iter(by_key.items()))
    newest = TrailKey.objects.order_by("-pk").first()
    if newest is not None and newest.vkey == vkey:
        return signer
    if TrailKey.objects.filter(vkey=vkey).exists():
        raise NotIntroduced("A newer key signs the trail. Start this process again with the newer ring.")
    introduction = "" if newest is None else _introduction(by_key.get(newest.vkey), vkey)
    made = TrailKey.objects.create(vkey=vkey, since=head.size, introduction=introduction, at=now)
    data: dict[str, Any] = {"vkey": vkey, "since": head.size}
    if newest is None:
        # The first one commits to the policies so far, and says which records are older than the commitments to them.
        data |= {
            "older": facts.newest_ids(),
            "commits": facts.rows(Policy).filter(activated_at__isnull=False),
        }
    record("trail.key_introduced", by=By.system(), subject=made, at=now, **data)
    return signer


def begin_again(head: TrailHead, *, now: datetime) -> TrailKey:
    """Give the log another name: its entries stay, and what it signs from now on is no fork of what it signed before.

    The first key of the ring signs it, introduced by the key before, if the ring still has that one. Call it in the
    transaction that holds the head's lock.
    """
    before = TrailKey.objects.order_by("-pk").first()
    by_key = {str(signer.key): signer for signer in ring().values()} if before else {}
    named = f"{origin().partition(_AGAIN)[0]}{_AGAIN}{now:%Y%m%dT%H%M%SZ}"
    signer = next(iter(_ring(settings.TRAIL_KEYS, named).values()))
    last = by_key.get(before.vkey) if before else None
    introduction = _introduction(last, str(signer.key)) if last else ""
    return TrailKey.objects.create(vkey=str(signer.key), since=head.size, introduction=introduction, at=now)


def _introduction(before: notes.Signer | None, vkey: str) -> str:
    if before is None:
        raise NotIntroduced("The ring lacks the key that signed so far. Put it behind the new one.")
    return str(notes.sign(introduction_text(before.key.name, vkey), before))


def introduction_text(origin: str, vkey: str) -> str:
    """What the old key signs of the new one. Its first line is no origin of a log, so it is never a checkpoint."""
    return f"kyc-portal/next-key/v1\n{origin}\n{vkey}\n"
