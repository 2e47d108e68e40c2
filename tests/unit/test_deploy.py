"""The shipped units and the shipped site: complete, in step with the document, and accepted by their programs."""

import configparser
import http.client
import re
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import pytest

from kyc_portal import celery, web_server
from tests.in_front import HOST, SITE, Nginx
from tests.processes import PROJECT
from tests.services import skip_reason
from verification import media
from verification.brands import logos, stylesheet
from verification.liveness.client import DEADLINE
from verification.pages.urls import urlpatterns
from verification.review.front_office.upload import MAX_FORM

UNITS = PROJECT / "deploy/systemd"
DOCUMENT = (PROJECT / "docs/production.md").read_text()
SERVICES = sorted(path.stem for path in UNITS.glob("*.service"))


class Unit(configparser.ConfigParser):
    optionxform = staticmethod(str)  # type: ignore[assignment]


def unit(name: str) -> Unit:
    parsed = Unit(interpolation=None, strict=True)
    parsed.read_string((UNITS / f"{name}.service").read_text())
    return parsed


def test_every_process_has_its_unit() -> None:
    assert SERVICES == ["kyc-beat", "kyc-liveness", "kyc-media", "kyc-web"]
    started = re.search(r"systemctl enable --now (.+)", DOCUMENT)
    assert started
    assert sorted(started[1].split()) == [*SERVICES, "kyc.target"]


def test_an_upgrade_starts_what_the_host_has_enabled() -> None:
    """One host has beat, the others have not."""
    assert re.findall(r"systemctl start (.+)", DOCUMENT) == ["kyc.target"]


def test_the_units_differ_only_in_what_they_run() -> None:
    """Each is complete, because a part that somebody forgot to install would leave a process unconfined, as root."""
    own = {"Description", "ExecStart", "TimeoutStopSec"}
    first, *others = (
        {
            title: {name: value for name, value in part.items() if name not in own}
            for title, part in unit(each).items()
        }
        for each in SERVICES
    )
    for other in others:
        assert other == first


@pytest.mark.parametrize("name", SERVICES)
def test_a_unit_runs_as_its_own_user_where_the_document_puts_the_code(name: str) -> None:
    service = unit(name)["Service"]
    assert service["User"] == "kyc"
    assert "adduser --system --group --home /var/lib/kyc kyc" in DOCUMENT
    assert service["WorkingDirectory"] == "/opt/kyc"
    assert "git clone REPOSITORY /opt/kyc" in DOCUMENT
    assert service["ReadWritePaths"] == "/var/lib/kyc"
    assert service["ExecStart"].startswith("/opt/kyc/.venv/bin/")


@pytest.mark.parametrize("name", SERVICES)
def test_what_ends_is_started_again_for_ever(name: str) -> None:
    parsed = unit(name)
    assert (parsed["Service"]["Restart"], parsed["Service"]["RestartSec"]) == ("always", "5")
    assert parsed["Unit"]["StartLimitIntervalSec"] == "0"


@pytest.mark.parametrize("name", SERVICES)
def test_only_the_main_process_is_told_to_stop(name: str) -> None:
    """Celery's processes and Gunicorn's workers would else be told twice, and drop what they do."""
    assert unit(name)["Service"]["KillMode"] == "mixed"


@pytest.mark.parametrize(
    ("name", "seconds"),
    [
        ("kyc-web", web_server.graceful_timeout),
        ("kyc-media", celery.app.conf.task_time_limit),
        ("kyc-liveness", DEADLINE),
    ],
)
def test_what_runs_may_end_before_a_process_is_killed(name: str, seconds: float) -> None:
    assert int(unit(name)["Service"]["TimeoutStopSec"]) > seconds


@pytest.mark.parametrize("queue", ["media", "liveness"])
def test_a_worker_has_a_name_of_its_own_on_each_host(queue: str) -> None:
    command = unit(f"kyc-{queue}")["Service"]["ExecStart"]
    assert f"-n {queue}@%%h -Q {queue},sweep" in command


def test_the_web_server_starts_with_its_shipped_settings() -> None:
    assert unit("kyc-web")["Service"]["ExecStart"].endswith("gunicorn --config python:kyc_portal.web_server")
    assert f"proxy_pass http://{web_server.bind};" in SITE.read_text()


@pytest.mark.skipif(not shutil.which("systemd-analyze"), reason="There is no systemd-analyze here.")
def test_systemd_accepts_the_units(tmp_path: Path) -> None:
    code = tmp_path / "kyc"
    (code / ".venv/bin").mkdir(parents=True)
    for program in ("gunicorn", "celery"):
        (code / ".venv/bin" / program).symlink_to("/bin/true")
    units = []
    for path in UNITS.iterdir():
        copy = tmp_path / path.name
        copy.write_text(path.read_text().replace("/opt/kyc", str(code)))
        units.append(copy)
    done = subprocess.run(
        ["systemd-analyze", "verify", "--man=no", *units], capture_output=True, text=True, timeout=60
    )
    told = [line for line in done.stderr.splitlines() if "kyc" in line]
    assert (done.returncode, told) == (0, [])


@pytest.fixture
def nginx() -> Iterator[Nginx]:
    if reason := skip_reason(Nginx):
        pytest.skip(reason)
    with Nginx(9) as server:
        yield server


def test_nginx_accepts_the_site_without_a_warning(nginx: Nginx) -> None:
    done = subprocess.run([*nginx.command, "-t"], capture_output=True, text=True, timeout=60)
    assert done.returncode == 0
    assert "warn" not in done.stderr


def test_an_authority_gets_its_proof_without_tls_and_everybody_else_a_redirect(nginx: Nginx) -> None:
    proof = nginx.folder / ".well-known/acme-challenge/token"
    proof.parent.mkdir(parents=True)
    proof.write_text("proof")

    def answer(path: str) -> tuple[int, str | None, bytes]:
        with closing(http.client.HTTPConnection(*nginx.http, timeout=20)) as client:
            client.request("GET", path, headers={"Host": HOST})
            got = client.getresponse()
            return got.status, got.headers["Location"], got.read()

    assert answer("/.well-known/acme-challenge/token") == (200, None, b"proof")
    assert answer("/.well-known/acme-challenge/other")[0] == 404
    assert answer("/verify/?a=1")[:2] == (301, f"https://{HOST}/verify/?a=1")


def test_the_set_up_of_nginx_can_be_typed_again_and_leaves_what_is_the_hosts_own(tmp_path: Path) -> None:
    section = DOCUMENT.partition("## The proxy in front")[2].partition("\n## ")[0]
    lines = [line.strip() for line in section.splitlines() if line.startswith("    ")]
    # The rest asks other programs or authorities.
    typed = [line for line in lines if re.match("test|install|sed|ln|rm|grep", line)]
    script = "\n".join(typed).replace("/etc/nginx", str(tmp_path)).replace("YOUR.HOST", "kyc.example.org")
    for folder in ("sites-available", "sites-enabled"):
        (tmp_path / folder).mkdir()
    settings, host = tmp_path / "nginx.conf", tmp_path / "kyc-host.conf"
    settings.write_text("events {\n    worker_connections 768;\n}\n")

    def type_it() -> None:
        subprocess.run(["sh", "-euc", script], cwd=PROJECT, check=True, timeout=60)

    type_it()
    assert "server_name kyc.example.org;" in host.read_text()
    host.write_text(own := "server_name other.example.org;\n")
    type_it()
    assert host.read_text() == own
    assert (tmp_path / "sites-enabled/kyc").read_text() == SITE.read_text()
    assert settings.read_text() == (
        "worker_rlimit_nofile 20000;\nevents {\n    worker_connections 8192;\n}\n"
    )


def size(directive: str) -> int:
    found = re.fullmatch(r"(\d+)m", directive)
    assert found
    return int(found[1]) * 1024 * 1024


def test_only_the_addresses_of_files_take_large_bodies_and_pass_them_on_as_they_come() -> None:
    site = SITE.read_text()
    assert len(re.findall(r"proxy_request_buffering", site)) == 1
    places = re.findall(r"location (\S.*?) \{\n(.*?)\n    \}", site, re.DOTALL)
    (files,) = [(where, lines) for where, lines in places if "proxy_request_buffering off" in lines]
    assert files[0] == "~ ^/verify/(?:document|recording|recording/parts)$"
    small, people, large = map(size, re.findall(r"client_max_body_size (\S+);", site))
    assert large > media.MAX_VIDEO_UPLOAD + 100_000
    assert small < media.MAX_PHOTO_UPLOAD
    assert people > MAX_FORM
    kept = map(size, re.findall(r"client_body_buffer_size (\S+);", site))
    assert list(kept) == [small, people]  # with less, some of it would go to a disk


def test_what_is_passed_on_as_it_comes_is_what_the_portal_reads_with_its_own_deadline() -> None:
    (files,) = re.findall(r"location ~ (\S+) \{", SITE.read_text())
    passed_on = {str(page.pattern) for page in urlpatterns if re.search(files, f"/{page.pattern}")}
    assert passed_on == {
        str(page.pattern) for page in urlpatterns if hasattr(page.callback, "reads_body_itself")
    }
    assert passed_on == {"verify/document", "verify/recording", "verify/recording/parts"}


def test_the_log_knows_every_page_of_the_applicant_but_the_link_in_any_form() -> None:
    known = re.findall(r'"~(\S+)" \$uri;', SITE.read_text())
    hidden = {
        page.name for page in urlpatterns if not any(re.search(one, f"/{page.pattern}") for one in known)
    }
    assert hidden == {"link", "mangled_link"}


def test_the_log_knows_logos_and_stylesheets_of_organisations() -> None:
    known = re.findall(r'"~(\S+)" \$uri;', SITE.read_text())
    for name in (stylesheet.name("#0b3d91"), logos.name_of("0123456789abcdef" * 4)):
        assert any(re.search(one, f"/brand/{name}") for one in known), name
