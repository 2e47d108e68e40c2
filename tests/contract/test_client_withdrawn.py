"""The client's callback before the first byte: there the caller may wait for its slot, or cancel the call."""

import pytest

from tests.contract.vendor_socket import VendorSocket, answering, free_port, http
from verification.liveness import Billed, Credentials, LivenessClient, NotSent, RequestBody, Withdrawn

MISSING = b'{"Response":{"Error":{"Code":"MissingParameter","Message":""},"RequestId":"r-1"}}'


@pytest.fixture
def vendor():
    with VendorSocket(answering(http())) as vendor:
        yield vendor


def send(vendor: VendorSocket, may_send):
    body = RequestBody(b"photo", b"video", mode="SILENT", actions="")
    with LivenessClient(vendor.url, "ap-singapore", Credentials("id", "key")) as client:
        return client.send(body, may_send=may_send)


def test_it_is_asked_once_while_the_vendor_has_heard_nothing(vendor):
    requests = []

    def may_send() -> bool:
        requests.append([dict(request.headers) for request in vendor.requests])
        return True

    assert send(vendor, may_send).result == "Success"
    assert requests in ([[{}]], [[]])  # the vendor's end may not have noticed the connection yet
    assert vendor.requests[0].body_size > 0


def test_a_call_taken_back_has_sent_nothing_at_all(vendor):
    with pytest.raises(Withdrawn) as raised:
        send(vendor, lambda: False)
    assert isinstance(raised.value, NotSent)
    assert (raised.value.code, raised.value.billed) == ("withdrawn", Billed.NO)
    assert (raised.value.__cause__, raised.value.__context__) == (None, None)
    assert all(request.headers == {} for request in vendor.requests)


def test_a_question_that_fails_has_sent_nothing_either(vendor):
    with pytest.raises(NotSent, match="ZeroDivisionError"):
        send(vendor, lambda: 1 / 0)
    assert all(request.headers == {} for request in vendor.requests)


def test_it_is_not_asked_where_no_connection_can_be_made():
    url = f"http://127.0.0.1:{free_port()}"
    with LivenessClient(url, "ap-singapore", Credentials("id", "key")) as client, pytest.raises(NotSent):
        client.probe(may_send=lambda: pytest.fail("asked"))


def test_a_probe_may_be_taken_back_too():
    with (
        VendorSocket(answering(http(MISSING))) as vendor,
        LivenessClient(vendor.url, "ap-singapore", Credentials("id", "key")) as client,
    ):
        assert client.probe(may_send=lambda: True) == "MissingParameter"
        with pytest.raises(Withdrawn):
            client.probe(may_send=lambda: False)


def events_of(url: str, *, may_send=None, begun=None, body=None):
    body = body or RequestBody(b"photo", b"video", mode="SILENT", actions="")
    with LivenessClient(url, "ap-singapore", Credentials("id", "key")) as client:
        return client.send(body, may_send=may_send, begun=begun)


class Noting(RequestBody):
    """Notes when its first piece is asked for."""

    def __init__(self, events):
        super().__init__(b"photo", b"video", mode="SILENT", actions="")
        self.sha256_hex()
        self._events = events

    def __iter__(self):
        self._events.append("body")
        return super().__iter__()


def test_it_is_told_once_that_the_headers_have_left_and_before_the_body(vendor):
    events = []

    def may_send() -> bool:
        events.append("may send")
        return True

    body = Noting(events)
    events_of(vendor.url, may_send=may_send, begun=lambda: events.append("begun"), body=body)
    assert events == ["may send", "begun", "body"]


def test_a_call_taken_back_has_not_begun(vendor):
    with pytest.raises(Withdrawn):
        events_of(vendor.url, may_send=lambda: False, begun=lambda: pytest.fail("begun"))


def test_a_call_without_a_connection_has_not_begun():
    with pytest.raises(NotSent):
        events_of(f"http://127.0.0.1:{free_port()}", begun=lambda: pytest.fail("begun"))


def test_a_probe_begins_too():
    begun = []
    with (
        VendorSocket(answering(http(MISSING))) as vendor,
        LivenessClient(vendor.url, "ap-singapore", Credentials("id", "key")) as client,
    ):
        client.probe(begun=lambda: begun.append(True))
    assert begun == [True]
