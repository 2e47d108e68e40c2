"""The way out to the vendor and the object store: by the settings alone, and in words where it is blocked."""

import os
from collections.abc import Callable, Iterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.files.storage import storages

from kyc_portal import env
from kyc_portal.sandbox.emulator import EmulatorServer
from tests import s3
from tests.certificates import Authority
from tests.conftest import NOW, Road
from tests.contract.vendor_socket import free_port
from tests.flow.tries import at, judge
from tests.outbound_proxy import Proxy, TLSFront
from verification import storage
from verification.actions import probe
from verification.liveness import Billed
from verification.models import DataKey, ProviderCall, VendorAccount, Verification
from verification.states import Status
from verification.vendor_accounts import account_health, code_guide

pytestmark = pytest.mark.django_db

PASSWORD = "s3cret-of-the-proxy"
FORBIDDEN = "HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\n\r\n"


@pytest.fixture(scope="module")
def authority(tmp_path_factory: pytest.TempPathFactory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture(scope="module")
def server() -> Iterator[s3.S3]:
    with s3.running() as server:
        yield server


@pytest.fixture
def own_authority(settings: Any, authority: Authority) -> None:
    settings.CA_FILE = str(authority.file)


# The vendor


@pytest.fixture
def vendor(
    emulator: EmulatorServer, settings: Any, authority: Authority, own_authority: None
) -> Iterator[None]:
    with TLSFront(emulator.url, authority.server("localhost")) as front:
        settings.FACEID_ENDPOINT = front.url
        yield


def test_a_case_is_judged_through_the_proxy(road: Road, vendor: None, settings: Any) -> None:
    with Proxy() as proxy:
        settings.OUTBOUND_PROXY = proxy.url
        judge(road.ready())
    assert (len(proxy.asked), Verification.objects.get().status) == (1, Status.APPROVED)


def test_what_the_proxy_refuses_costs_nothing_and_the_pause_says_so(
    road: Road, vendor: None, settings: Any, emulator: EmulatorServer
) -> None:
    attempt = road.ready()
    with Proxy(answer=FORBIDDEN) as proxy:
        settings.OUTBOUND_PROXY = proxy.url
        for minute in range(account_health.FAILING_AFTER):
            judge(attempt, 60 * minute)
    account = VendorAccount.objects.get()
    assert (account.pause_reason, account.spent) == ("proxy_refused.403", 0)
    assert "outbound proxy refused" in str(code_guide.why_paused(account.pause_reason))
    assert set(ProviderCall.objects.values_list("billed", flat=True)) == {Billed.NO}
    settings.OUTBOUND_PROXY = ""
    probe.probe("default", now=at(3600))
    judge(attempt, 3601)
    verification = Verification.objects.get()
    assert (verification.status, verification.attempts_used) == (Status.APPROVED, 1)


@pytest.mark.parametrize(
    ("code", "words"),
    [
        ("proxy_refused.407", "user and password"),
        ("proxy_refused.502", "refused to open"),
        ("proxy_unreachable.ConnectError.ConnectionRefusedError", "can't be reached"),
        ("proxy_unreadable", "file of KYC_OUTBOUND_PROXY"),
        ("proxy_malformed", "not the address"),
        ("proxy_of_somebody_else", "can't be reached, or does not answer"),
        ("ca_file_unusable", "KYC_CA_FILE"),
    ],
)
def test_each_failure_of_the_way_out_is_put_into_words(code: str, words: str) -> None:
    assert words in str(code_guide.why_paused(code))


def test_the_vendor_page_names_the_proxy(signed_in: Any, an_hour_later: None) -> None:
    VendorAccount.objects.create(
        name="default", paused_at=NOW, pause_reason="proxy_refused.407", probe_at=NOW + timedelta(hours=2)
    )
    page = signed_in("Operator").get("/admin/vendor/").content.decode()
    assert "The outbound proxy refused us" in page


def replace(file: Path, text: str) -> None:
    """Written a while ago: what was just written may be half written."""
    file.write_text(text)
    os.utime(file, (0, 0))


@pytest.mark.parametrize("half", ["http://portal:pa%4", "http", "http://portal@proxy:port"])
def test_a_half_written_proxy_spoils_no_call(
    road: Road, vendor: None, settings: Any, tmp_path: Path, half: str
) -> None:
    with Proxy(password=PASSWORD) as proxy:
        settings.OUTBOUND_PROXY = proxy.url_with(PASSWORD)
        settings.OUTBOUND_PROXY_FILES = {"proxy": str(tmp_path / "proxy")}
        replace(tmp_path / "proxy", half)
        judge(road.ready())
    assert (Verification.objects.get().status, VendorAccount.objects.get().paused_at) == (
        Status.APPROVED,
        None,
    )


def test_a_new_password_of_the_proxy_is_read_from_its_file(
    road: Road, vendor: None, settings: Any, tmp_path: Path
) -> None:
    with Proxy(password=PASSWORD) as proxy:
        old, new = map(proxy.url_with, ("old", PASSWORD))
        (tmp_path / "proxy").write_text(old)
        settings.OUTBOUND_PROXY, settings.OUTBOUND_PROXY_FILES = old, {"proxy": str(tmp_path / "proxy")}
        attempt = road.ready()
        judge(attempt)
        replace(tmp_path / "proxy", f"{new}\n")
        judge(attempt, 60)
    assert list(ProviderCall.objects.order_by("number").values_list("code", flat=True)) == [
        "proxy_refused.407",
        "Success",
    ]


# The object store


@pytest.fixture
def use(settings: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Stores evidence at this endpoint; its keys come from the environment as it is then."""

    def use(endpoint: str) -> None:
        query = f"endpoint_url={endpoint}&region_name={s3.REGION}&addressing_style=path"
        monkeypatch.setenv("STORAGE_URL", f"s3://{s3.BUCKET}/portal?{query}")
        beneath = env.objects("STORAGE_URL", settings.DATA_DIR)
        evidence = {**settings.STORAGES["evidence"], "OPTIONS": {"objects": beneath}}
        settings.STORAGES = {**settings.STORAGES, "evidence": evidence}

    monkeypatch.setenv("STORAGE_ACCESS_KEY_ID", s3.KEYS["aws_access_key_id"])
    monkeypatch.setenv("STORAGE_SECRET_ACCESS_KEY", s3.KEYS["aws_secret_access_key"])
    return use


@pytest.fixture
def store(
    server: s3.S3, authority: Authority, own_authority: None, use: Callable[[str], None]
) -> Iterator[None]:
    """The store behind TLS."""
    with TLSFront(server.url, authority.server("localhost")) as front:
        use(front.url)
        yield


@pytest.fixture
def key() -> DataKey:
    return storage.new_key()


def there_and_back(key: DataKey) -> None:
    stored = storage.store(key, "photo", b"picture")
    assert storage.read(stored.name, sha256=stored.sha256) == b"picture"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_evidence_goes_through_the_proxy(
    store: None, key: DataKey, settings: Any, authority: Authority, scheme: str
) -> None:
    context = authority.server("localhost") if scheme == "https" else None
    with Proxy(password=PASSWORD, context=context) as proxy:
        settings.OUTBOUND_PROXY = proxy.url_with(PASSWORD)
        there_and_back(key)
    assert {head.split()[0] for head in proxy.asked} == {"CONNECT"}


def test_the_store_is_known_by_the_own_authority_alone(store: None, key: DataKey, settings: Any) -> None:
    there_and_back(key)
    settings.CA_FILE = ""
    with pytest.raises(storage.Unavailable, match="SSLError"):
        storage.store(key, "photo", b"picture")


def test_a_proxy_that_leads_elsewhere_gets_no_evidence(
    store: None, server: s3.S3, key: DataKey, settings: Any, tmp_path: Path
) -> None:
    server.requests.clear()
    stranger = Authority(tmp_path, "Stranger").server("localhost")
    with TLSFront(server.url, stranger) as trap, Proxy(elsewhere=f"127.0.0.1:{trap.port}") as proxy:
        settings.OUTBOUND_PROXY = proxy.url
        with pytest.raises(storage.Unavailable):
            storage.store(key, "photo", b"picture")
    assert (len(proxy.asked) > 0, server.requests) == (True, [])


@pytest.mark.parametrize("answer", [FORBIDDEN, None], ids=["refuses", "is gone"])
def test_without_its_proxy_the_store_is_unavailable_and_nothing_is_told(
    store: None, key: DataKey, settings: Any, answer: str | None
) -> None:
    with Proxy(answer=answer) as proxy:
        port = free_port() if answer is None else proxy.port
        settings.OUTBOUND_PROXY = f"http://portal:{PASSWORD}@localhost:{port}"
        with pytest.raises(storage.Unavailable) as raised:
            storage.store(key, "photo", b"picture")
    assert str(raised.value) == "ProxyConnectionError"
    assert raised.value.__suppress_context__


def test_a_store_without_tls_is_reached_directly(
    server: s3.S3, key: DataKey, settings: Any, use: Callable[[str], None]
) -> None:
    use(server.url)
    with Proxy() as proxy:
        settings.OUTBOUND_PROXY = proxy.url
        there_and_back(key)
    assert proxy.asked == []


HOSTILE = {
    **dict.fromkeys(
        ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY"),
        "http://127.0.0.1:9",
    ),
    **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"), os.devnull),
    "AWS_ACCESS_KEY_ID": "AKIDstranger",
    "AWS_SECRET_ACCESS_KEY": "stranger",
    "AWS_SESSION_TOKEN": "stranger",
    "AWS_ENDPOINT_URL": "http://127.0.0.1:9",
    "AWS_ENDPOINT_URL_S3": "http://127.0.0.1:9",
    "AWS_PROFILE": "stranger",
}


def test_the_store_takes_nothing_from_the_environment(
    store: None, server: s3.S3, key: DataKey, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    (tmp_path / ".netrc").write_text("machine localhost login stranger password stranger\n")
    for name, value in {**HOSTILE, "HOME": str(tmp_path)}.items():
        monkeypatch.setenv(name, value)
    server.requests.clear()
    there_and_back(key)
    assert all("AKIDexample" in request.headers["authorization"] for request in server.requests)


def test_another_endpoint_of_the_environment_is_ignored(
    settings: Any, monkeypatch: pytest.MonkeyPatch, use: Callable[[str], None]
) -> None:
    for name, value in {**HOSTILE, "STORAGE_URL": "s3://evidence?region_name=eu-central-1"}.items():
        monkeypatch.setenv(name, value)
    place: Any = storages.create_storage(env.objects("STORAGE_URL", settings.DATA_DIR))
    assert place.client.meta.endpoint_url == "https://s3.eu-central-1.amazonaws.com"


def test_the_environment_does_not_take_the_proxy_away(
    store: None, key: DataKey, settings: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    with Proxy() as proxy:
        settings.OUTBOUND_PROXY = proxy.url
        there_and_back(key)
    assert len(proxy.asked) > 0


@pytest.fixture
def key_files(
    server: s3.S3, use: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> Path:
    """The folder with the files of the store's keys."""
    for name, value in (("STORAGE_ACCESS_KEY_ID", "AKIDfirst"), ("STORAGE_SECRET_ACCESS_KEY", "first")):
        (tmp_path / name).write_text(value)
        monkeypatch.delenv(name)
        monkeypatch.setenv(f"{name}_FILE", str(tmp_path / name))
    use(server.url)
    server.requests.clear()
    return tmp_path


def test_new_keys_of_the_store_are_read_from_their_files(
    key_files: Path, server: s3.S3, key: DataKey
) -> None:
    there_and_back(key)
    replace(key_files / "STORAGE_ACCESS_KEY_ID", "AKIDsecond")
    replace(key_files / "STORAGE_SECRET_ACCESS_KEY", "second")
    there_and_back(key)
    signed = [request.headers["authorization"].split("Credential=")[1][:10] for request in server.requests]
    assert signed == ["AKIDfirst/"] * 2 + ["AKIDsecond"] * 2


def test_keys_of_the_store_that_are_half_replaced_wait_for_the_rest(
    key_files: Path, server: s3.S3, key: DataKey
) -> None:
    there_and_back(key)
    replace(key_files / "STORAGE_ACCESS_KEY_ID", "AKIDsecond")
    there_and_back(key)
    (key_files / "STORAGE_SECRET_ACCESS_KEY").write_text("")
    there_and_back(key)
    assert all("AKIDfirst" in request.headers["authorization"] for request in server.requests)
