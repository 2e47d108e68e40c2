"""The client through an outbound proxy: what the proxy sees, what its failures mean, and that the rest still holds."""

import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kyc_portal.sandbox.emulator import SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY
from tests.certificates import Authority
from tests.contract.vendor_socket import free_port
from tests.outbound_proxy import Proxy, TLSFront
from verification.liveness import (
    Billed,
    Credentials,
    LivenessClient,
    Misconfigured,
    NotSent,
    RequestBody,
    Unavailable,
    UnknownOutcome,
    Withdrawn,
)
from verification.liveness.route import tls_context

CREDENTIALS = Credentials(SANDBOX_SECRET_ID, SANDBOX_SECRET_KEY)
PASSWORD = "s3cret-of-the-proxy"


@pytest.fixture(scope="module")
def authority(tmp_path_factory) -> Authority:
    return Authority(tmp_path_factory.mktemp("authority"))


@pytest.fixture
def vendor(emulator, authority) -> Iterator[TLSFront]:
    """The emulator behind TLS, as the vendor is."""
    with TLSFront(emulator.url, authority.server("localhost")) as front:
        yield front


@pytest.fixture
def ask(vendor, authority, photo, clip):
    """Makes one call over TLS by this proxy."""

    def ask(proxy: str, **changed):
        now, may_send = changed.pop("now", time.time), changed.pop("may_send", None)
        settings: dict[str, Any] = {"connect_timeout": 5, "read_timeout": 5, "deadline": 10}
        settings |= {"ca_file": str(authority.file), "proxy": proxy} | changed
        body = RequestBody(photo, clip, mode="SILENT", actions="")
        with LivenessClient(vendor.url, "ap-singapore", CREDENTIALS, **settings) as client:
            return client.send(body, now=now, may_send=may_send)

    return ask


def test_a_call_goes_through_a_tunnel_and_the_proxy_learns_no_more_than_where_to(ask, vendor, emulator):
    with Proxy() as proxy:
        answer = ask(proxy.url)
    assert answer.request_id == emulator.calls()[-1]["request_id"]
    place = vendor.url.removeprefix("https://")
    assert proxy.asked == [f"CONNECT {place} HTTP/1.1\r\nHost: {place}\r\nAccept: */*\r\n\r\n"]


def test_the_own_authority_counts_without_a_proxy_too(ask):
    assert ask("").result == "Success"


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_the_proxy_gets_the_password_that_it_asks_for(ask, authority, scheme):
    context = authority.server("localhost") if scheme == "https" else None
    with Proxy(password=PASSWORD, context=context) as proxy:
        assert ask(proxy.url_with(PASSWORD)).result == "Success"


def test_a_password_with_odd_characters_arrives_as_it_is(ask):
    with Proxy(password="a/b@c:d e%") as proxy:
        assert ask(proxy.url_with("a%2Fb%40c%3Ad%20e%25")).result == "Success"


def test_each_call_has_a_tunnel_of_its_own(vendor, authority, photo, clip):
    with (
        Proxy() as proxy,
        LivenessClient(
            vendor.url, "ap-singapore", CREDENTIALS, proxy=proxy.url, ca_file=str(authority.file)
        ) as client,
    ):
        for _ in range(2):
            client.compare(photo, clip, mode="SILENT", actions="")
    assert len(proxy.asked) == 2


REFUSALS = {
    "407": "HTTP/1.1 407 Proxy Authentication Required\r\nContent-Length: 0\r\n\r\n",
    "403": "HTTP/1.1 403 the-reason-of-the-proxy\r\nContent-Length: 0\r\n\r\n",
    "502": "HTTP/1.1 502 Bad Gateway\r\nContent-Length: 0\r\n\r\n",
    "504": "HTTP/1.1 504 Gateway Timeout\r\nContent-Length: 0\r\n\r\n",
}


@pytest.mark.parametrize("status", REFUSALS)
def test_a_refusal_of_the_proxy_was_not_sent_and_tells_its_status_alone(ask, emulator, status):
    with Proxy(answer=REFUSALS[status]) as proxy, pytest.raises(NotSent) as raised:
        ask(proxy.url_with(PASSWORD))
    assert (raised.value.code, raised.value.billed) == (f"proxy_refused.{status}", Billed.NO)
    assert emulator.calls() == []


@pytest.mark.parametrize("answer", ["nonsense\r\n\r\n", ""], ids=["no HTTP", "silence"])
def test_a_proxy_that_does_not_answer_properly_was_not_sent(ask, answer):
    with Proxy(answer=answer) as proxy, pytest.raises(NotSent, match=r"proxy_unreachable\.Re"):
        ask(proxy.url, read_timeout=0.3)


def test_a_proxy_that_is_gone_was_not_sent(ask):
    with pytest.raises(NotSent, match=r"proxy_unreachable\.ConnectError\.ConnectionRefusedError"):
        ask(f"http://localhost:{free_port()}")


def test_a_proxy_without_a_valid_certificate_is_not_used(ask, tmp_path):
    stranger = Authority(tmp_path, "Stranger").server("localhost")
    with (
        Proxy(context=stranger, password=PASSWORD) as proxy,
        pytest.raises(NotSent, match="proxy_unreachable"),
    ):
        ask(proxy.url_with(PASSWORD))
    assert proxy.asked == []


def test_a_proxy_that_leads_elsewhere_gets_nothing(ask, emulator, tmp_path):
    """The certificate at the end of the tunnel counts, whatever the proxy says."""
    stranger = Authority(tmp_path, "Stranger").server("localhost")
    with (
        TLSFront(emulator.url, stranger) as trap,
        Proxy(elsewhere=f"127.0.0.1:{trap.port}") as proxy,
        pytest.raises(NotSent, match=r"ConnectError\.SSL") as raised,
    ):
        ask(proxy.url)
    assert not raised.value.code.startswith("proxy")
    assert emulator.calls() == []


def test_a_certificate_for_another_host_is_refused(ask, emulator, authority):
    with (
        TLSFront(emulator.url, authority.server("another.example")) as trap,
        Proxy(elsewhere=f"127.0.0.1:{trap.port}") as proxy,
        pytest.raises(NotSent, match=r"ConnectError\.SSL"),
    ):
        ask(proxy.url)


def test_an_own_authority_is_trusted_in_place_of_the_usual_ones(ask, tmp_path):
    other = Authority(tmp_path, "Other")
    with pytest.raises(NotSent, match=r"ConnectError\.SSL"):
        ask("", ca_file=str(other.file))


def test_once_the_tunnel_stands_all_is_as_without_a_proxy(ask, emulator):
    with Proxy() as proxy:
        emulator.script(fault="http_503")
        with pytest.raises(Unavailable, match="http_503"):
            ask(proxy.url)
        emulator.script(fault="reset")
        with pytest.raises(UnknownOutcome):
            ask(proxy.url)


def test_the_deadline_ends_a_call_in_the_tunnel(ask, emulator):
    emulator.script(fault="hang")
    began = time.monotonic()
    with Proxy() as proxy, pytest.raises(UnknownOutcome, match="deadline"):
        ask(proxy.url, read_timeout=60, deadline=0.5)
    assert time.monotonic() - began < 30, "The read timeout ended it, not the deadline."


def test_the_deadline_ends_the_wait_for_the_tunnel(ask):
    with Proxy(answer="") as proxy, pytest.raises(NotSent, match=r"proxy_unreachable\.deadline"):
        ask(proxy.url, read_timeout=60, deadline=0.3)


def test_the_turn_is_awaited_once_and_only_when_the_tunnel_stands(ask, emulator):
    turns = []

    def may_send() -> bool:
        turns.append((len(proxy.asked), len(emulator.calls())))
        return True

    with Proxy() as proxy:
        ask(proxy.url, may_send=may_send)
    assert turns == [(1, 0)]


def test_a_call_that_is_withdrawn_at_its_turn_is_not_sent(ask, emulator):
    with Proxy() as proxy, pytest.raises(Withdrawn):
        ask(proxy.url, may_send=lambda: False)
    assert len(proxy.asked) == 1
    assert emulator.calls() == []


def test_an_emulator_without_tls_is_called_directly(emulator, photo, clip):
    with (
        Proxy() as proxy,
        LivenessClient(emulator.url, "ap-singapore", CREDENTIALS, proxy=proxy.url) as client,
    ):
        assert client.compare(photo, clip, mode="SILENT", actions="").result == "Success"
    assert proxy.asked == []


HOSTILE = {
    **{
        name: f"http://127.0.0.1:{free_port()}"
        for name in ("http_proxy", "https_proxy", "all_proxy", "HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY")
    },
    **dict.fromkeys(("SSL_CERT_FILE", "REQUESTS_CA_BUNDLE", "CURL_CA_BUNDLE", "AWS_CA_BUNDLE"), "/dev/null"),
    "SSL_CERT_DIR": "/nowhere",
}


@pytest.fixture
def hostile(monkeypatch, tmp_path) -> Path:
    """Variables and files of other programs that would lead a call astray; returns where TLS keys would be written."""
    (tmp_path / ".netrc").write_text("machine localhost login stranger password stranger\n")
    keys = tmp_path / "tls-keys"
    for name, value in {**HOSTILE, "HOME": str(tmp_path), "SSLKEYLOGFILE": str(keys)}.items():
        monkeypatch.setenv(name, value)
    tls_context.cache_clear()
    return keys


def test_nothing_is_taken_from_the_environment(ask, hostile):
    assert ask("").result == "Success"
    assert not hostile.exists() or "CLIENT_" not in hostile.read_text()


def test_the_environment_takes_nothing_away(ask, hostile, monkeypatch):
    monkeypatch.setenv("NO_PROXY", "*")
    monkeypatch.setenv("no_proxy", "*")
    with Proxy() as proxy:
        assert ask(proxy.url).result == "Success"
    assert len(proxy.asked) == 1


def test_no_secret_of_the_proxy_is_told(ask, caplog):
    caplog.set_level("DEBUG")
    told = []
    with Proxy(answer=REFUSALS["403"]) as proxy:
        for address in (proxy.url_with(PASSWORD), f"http://portal:{PASSWORD}@localhost:{free_port()}"):
            with pytest.raises(NotSent) as raised:
                ask(address)
            told.append(f"{raised.value!r} {raised.value.__cause__!r} {raised.value.__context__!r}")
    with pytest.raises(Misconfigured) as malformed:
        ask(f"socks5://portal:{PASSWORD}@localhost")
    text = f"{told} {malformed.value!r} {caplog.text}"
    assert PASSWORD not in text
    assert "the-reason-of-the-proxy" not in str(told)


@pytest.mark.parametrize("proxy", [
    "proxy.example:3128", "socks5://proxy.example", "socks5h://proxy.example:1080", "ftp://proxy.example",
    "http://", "http://:3128", "http://proxy.example/path", "http://proxy.example?x=1", "http://proxy.example/?",
    "http://proxy.example#x", "http://proxy.example:0", "http://proxy.example:99999", "http://proxy.example:x",
    "http://user@proxy.example", "http://user:@proxy.example", "http://:password@proxy.example",
    "http://user:pass@word@proxy.example", "http://user:pä@proxy.example", "http://user:pass%0a@proxy.example",
    "http://user:pass%e4@proxy.example", "http://user:pa ss@proxy.example", "http://proxy .example",
    "http://proxy.example\n", " http://proxy.example", "http://[broken", "HTTP://proxy.example",
])  # fmt: skip
def test_what_is_no_proxy_is_refused(proxy):
    with pytest.raises(Misconfigured, match="proxy_malformed") as raised:
        LivenessClient("https://vendor.example", "ap-singapore", CREDENTIALS, proxy=proxy)
    assert raised.value.__context__ is None


@pytest.mark.parametrize("proxy", [
    "http://proxy.example:3128", "https://proxy.example", "http://10.0.0.1:3128/", "http://[::1]:3128",
    "http://user:password@proxy.example", "http://dom%5Cuser:p%40ss%3A%25@proxy.example:8080",
])  # fmt: skip
def test_what_is_a_proxy_is_taken(proxy):
    with LivenessClient("https://vendor.example", "ap-singapore", CREDENTIALS, proxy=proxy) as client:
        assert repr(client) == "LivenessClient('vendor.example')"


def test_a_file_of_authorities_that_is_none_is_refused(tmp_path: Path):
    for content in (None, b"", b"no certificate"):
        file = tmp_path / f"ca-{content!r:.3}.pem"
        if content is not None:
            file.write_bytes(content)
        with pytest.raises(Misconfigured, match="ca_file_unusable"):
            LivenessClient("https://vendor.example", "ap-singapore", CREDENTIALS, ca_file=str(file))
