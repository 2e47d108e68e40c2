"""The links that messages carry: sealed under the applicant's key, for as long as a message may need one.

The case itself keeps a hash alone. Without the keyring, a copy of the database opens no link.
"""

from verification import links, storage
from verification.models import KeptLink, Verification


def keep(case: Verification, token: str) -> None:
    """In place of an earlier one. Raises storage.Unavailable or storage.KeyDestroyed."""
    sealed = storage.seal_for(case.applicant, token, about=_about(case))
    kept = {"link": links.link_prefix(case), "sealed": sealed}
    KeptLink.objects.update_or_create(verification=case, defaults=kept)


def link_of(case: Verification) -> str:
    """The address that opens the case, or "" if it is not kept. Raises storage.Unavailable."""
    kept = _kept(case)
    if kept is None:
        return ""
    try:
        return links.url(storage.unseal_for(case.applicant, kept.sealed, about=_about(case)))
    except storage.IntegrityError:
        return ""


def is_kept(case: Verification) -> bool:
    """Whether the link that works now is kept."""
    return _kept(case) is not None


def _kept(case: Verification) -> KeptLink | None:
    kept: KeptLink | None = getattr(case, "kept_link", None)
    return kept if kept is not None and kept.link == links.link_prefix(case) else None


def forget(case: Verification) -> None:
    KeptLink.objects.filter(verification=case).delete()


def _about(case: Verification) -> str:
    return f"{case.public_id} {links.link_prefix(case)}"
