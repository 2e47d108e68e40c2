"""What there is in the demo and where: all that the command prints and the front page shows."""

from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from django.conf import settings

from kyc_portal.env import PROJECT
from kyc_portal.sandbox.applicant import ApplicantLink, newest_link
from kyc_portal.sandbox.staff import Login, logins


@dataclass(frozen=True)
class Overview:
    front_page: str
    admin: str
    logins: tuple[Login, ...]
    applicant: ApplicantLink | None
    emulator: str
    api_docs: str
    data: Path

    @property
    def how_to_forget(self) -> str:
        """What to do, once the demo has stopped, so that nothing of it is left."""
        return "run make clean" if self.data == PROJECT / "var" else "delete that folder"


def overview(*, now: datetime) -> Overview:
    return Overview(
        front_page=f"{settings.PUBLIC_URL}/",
        admin=f"{settings.PUBLIC_URL}/admin/",
        logins=logins(),
        applicant=newest_link(now=now),
        emulator=f"{settings.FACEID_ENDPOINT}/",
        api_docs=f"{settings.PUBLIC_URL}/api/docs/",
        data=Path(settings.DATA_DIR),
    )


def as_text(demo: Overview) -> str:
    """For a terminal."""
    lines = [
        f"Start here  {demo.front_page}   (shows all of this)",
        f"Portal      {demo.admin}",
        *(f"  {login.username:<11} password {login.password}" for login in demo.logins),
        f"Applicant   {demo.applicant.url if demo.applicant else ''}",
        f"Emulator    {demo.emulator}   (pick the next outcome here; it judges no faces)",
        f"API         {demo.api_docs}",
        f"Data        {demo.data}",
        "",
        f"Stop with Ctrl+C; a second run starts in seconds. To forget everything, stop and {demo.how_to_forget}.",
    ]
    return "\n".join(lines)
