"""The machine: whether it confines the children that decode uploads, and who else may read the portal's files."""

from pathlib import Path
from typing import Any, Final

from django.conf import settings
from django.core.checks import CheckMessage, Error, Warning, register

from verification.checks.report import errors, warnings
from verification.media.confinement import confinement

_UNCONFINED: Final = {
    "rlimits": (
        "Media children are limited in memory and time alone: a hostile file that took one over could read files.",
        "Run the portal on Linux, on x86_64 or aarch64.",
        "kyc.E029",
    ),
    "refused": (
        "The kernel takes no seccomp filter, so no media child starts: every photo and recording is put off.",
        "Use a kernel with CONFIG_SECCOMP_FILTER, and a container that allows prctl.",
        "kyc.E030",
    ),
}
# Bits of a mode that belong to everybody who is neither the owner nor of the group.
_READ: Final = 0o5
_WRITE: Final = 0o2


@register()
def media_confinement(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """An error in production, a warning in the demo: a developer's laptop may have no filter. One system call."""
    if (found := _UNCONFINED.get(confinement())) is None:
        return []
    message, hint, number = found
    level = Warning if settings.DEMO else Error
    return [level(message, hint=hint, id=number)]


@register()
def data_folder(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """The demo makes its own folder. In production one that is not there is a typing mistake, or a disk not mounted."""
    why_not = "" if settings.DEMO else _why_no_folder(Path(settings.DATA_DIR))
    return errors(((bool(why_not), f"KYC_DATA_DIR {why_not}.", "kyc.E049"),))


def _why_no_folder(path: Path) -> str:
    if not path.is_absolute() or "~" in path.parts:
        return "is not an absolute path"
    if path.resolve() == Path("/"):
        return "is the root of all files"
    try:
        return "" if path.is_dir() else "is not a folder that is there"
    except OSError:
        return "can't be looked into"


@register()
def private_files(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    if settings.DEMO:
        return []
    folder, dotenv = Path(settings.DATA_DIR), Path(settings.DOTENV)
    opened = errors(
        (
            (
                _others(dotenv, _READ | _WRITE),
                f"Every account of this machine may read or write {dotenv}, with its secrets. Enter: chmod o= {dotenv}",
                "kyc.E045",
            ),
            (
                _others(folder, _WRITE),
                f"Every account of this machine may write to KYC_DATA_DIR. Enter: chmod o= {folder}",
                "kyc.E046",
            ),
        )
    )
    readable = f"Every account of this machine may look into KYC_DATA_DIR. Enter: chmod o= {folder}"
    return [*opened, *warnings(((_others(folder, _READ), readable, "kyc.W048"),))]


@register()
def backup_stamp(app_configs: Any, **kwargs: Any) -> list[CheckMessage]:
    """A relative path would be another file in each process."""
    is_relative = settings.BACKUP_STAMP_FILE[:1] not in {"", "/"}
    return errors(((is_relative, "KYC_BACKUP_STAMP_FILE is not an absolute path.", "kyc.E100"),))


def _others(path: Path, bits: int) -> bool:
    try:
        return bool(path.stat().st_mode & bits)
    except OSError:
        return False  # it is not there, or this process may not look
