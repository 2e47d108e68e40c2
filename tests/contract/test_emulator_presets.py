"""Answers by name, the default answer, and what the control addresses refuse."""

import json
import re
from typing import Any

import httpx
import pytest

from kyc_portal.sandbox.emulator import EmulatorServer
from kyc_portal.sandbox.emulator.faults import NAMES
from kyc_portal.sandbox.emulator.presets import FAMILIES, PRESETS, Family
from tests.contract.tc3 import body_of, call, code_of
from verification.liveness import RULES, Category


@pytest.fixture(scope="session")
def body(photo: bytes, clip: bytes) -> bytes:
    return body_of(photo, clip)


def ask(emulator: EmulatorServer, method: str, address: str, **given: Any) -> httpx.Response:
    return httpx.request(method, f"{emulator.url}{address}", trust_env=False, **given)


def test_every_code_of_the_portals_table_can_be_had_by_its_name() -> None:
    assert set(RULES) - set(PRESETS) == set()


def test_every_fault_can_be_had_by_name() -> None:
    assert {preset.step.get("fault") for preset in PRESETS.values()} >= set(NAMES)


def test_each_button_of_the_page_gives_an_answer_that_has_a_name(emulator: EmulatorServer) -> None:
    buttons = re.findall("data-script='(.+?)'", ask(emulator, "GET", "/").text)
    assert len(buttons) > 10
    assert {json.loads(script)["preset"] for script in buttons} <= PRESETS.keys()


def test_names_and_families_are_unique() -> None:
    assert len(PRESETS) == sum(len(family.presets) for family in FAMILIES)
    assert len({family.name for family in FAMILIES}) == len(FAMILIES)


@pytest.mark.parametrize("family", FAMILIES, ids=lambda family: family.name)
def test_each_code_is_answered_as_its_name_says(
    emulator: EmulatorServer, body: bytes, family: Family
) -> None:
    codes = [preset.name for preset in family.presets if not preset.title]
    for code in codes:
        ask(emulator, "POST", "/_emulator/script", json={"preset": code})
    assert [code_of(call(emulator.url, body)) for _ in codes] == codes


def test_what_is_about_the_account_or_the_request_comes_as_an_error() -> None:
    """And what is about the person as a result: the portal's own table has the category."""
    person = set(Category) - {
        Category.TRANSIENT, Category.THROTTLED, Category.CONFIGURATION, Category.BAD_REQUEST
    }  # fmt: skip
    either = {Category.TRANSIENT, Category.VIDEO_REFUSED}
    for code, rule in RULES.items():
        field = "result" if rule.category in person else "error"
        assert rule.category in either or field in PRESETS[code].step, code


def test_a_preset_may_be_slow_and_come_often(emulator: EmulatorServer) -> None:
    emulator.script(preset="http_502", times=3, latency_ms=7)
    emulator.script(preset="pass_band", sim=71.5)
    first, second = ask(emulator, "GET", "/_emulator/script").json()["queue"]
    assert (first["fault"], first["times"], first["latency_ms"]) == ("http_502", 3, 7)
    assert (second["result"], second["sim"]) == ("Success", 71.5)


def test_the_presets_are_listed_with_what_they_script(emulator: EmulatorServer) -> None:
    families = ask(emulator, "GET", "/_emulator/presets").json()["families"]
    assert [family["name"] for family in families] == [family.name for family in FAMILIES]
    assert families[0]["presets"][1] == {
        "name": "pass_band",
        "title": "Pass with 74.2",
        "script": {"result": "Success", "sim": 74.2},
    }


# The default


def test_the_default_stays_until_it_is_changed(emulator: EmulatorServer, body: bytes) -> None:
    answer = ask(emulator, "POST", "/_emulator/default", json={"preset": "arrears"})
    assert answer.json()["default"]["error"] == "UnauthorizedOperation.Arrears"
    emulator.script(result="A.One")
    codes = [code_of(call(emulator.url, body)) for _ in range(3)]
    assert codes == ["A.One", *["UnauthorizedOperation.Arrears"] * 2]
    ask(emulator, "POST", "/_emulator/script", json={"clear": True})
    assert code_of(call(emulator.url, body)) == "UnauthorizedOperation.Arrears"
    assert ask(emulator, "DELETE", "/_emulator/default").json()["default"]["result"] == "Success"
    assert code_of(call(emulator.url, body)) == "Success"


def test_the_default_can_be_looked_at(emulator: EmulatorServer) -> None:
    emulator.default(sim=80)
    assert ask(emulator, "GET", "/_emulator/default").json() == {
        "default": {"result": "Success", "sim": 80, "error": None, "latency_ms": None, "fault": None}
    }


def test_a_new_run_of_a_test_begins_with_success(emulator: EmulatorServer, body: bytes) -> None:
    emulator.default(preset="arrears")
    emulator.clear()
    assert code_of(call(emulator.url, body)) == "Success"


# What is refused


@pytest.mark.parametrize(
    ("address", "step", "says"),
    [
        ("script", {"preset": "sunshine"}, "preset must be a name that GET /_emulator/presets lists."),
        ("script", {"preset": ["pass"]}, "preset must be a name"),
        ("script", {"preset": "pass", "result": "A.B"}, "it goes with no result."),
        ("script", {"preset": "pass", "error": "A.B"}, "it goes with no error."),
        ("script", {"preset": "pass", "fault": "hang"}, "it goes with no fault."),
        ("script", {"preset": "arrears", "sim": 50}, "An error has no sim."),
        ("script", {"error": "A.B", "sim": 50}, "An error has no sim."),
        ("script", {"results": "Success"}, "Unknown key 'results': a script has preset, result, sim"),
        ("default", {"times": 2}, "The default stays until it is changed: it has no times."),
        ("default", {"clear": True}, "Unknown key 'clear'"),
        ("default", {"fault": "earthquake"}, "fault must be one of http_500"),
    ],
)
def test_a_wrong_script_is_refused_with_an_exact_sentence(
    emulator: EmulatorServer, address: str, step: dict[str, Any], says: str
) -> None:
    answer = ask(emulator, "POST", f"/_emulator/{address}", json=step)
    assert answer.status_code == 400
    assert says in answer.json()["error"]
    assert emulator.calls() == []


@pytest.mark.parametrize(
    ("method", "address", "status", "says"),
    [
        ("POST", "/_emulator/presets", 405, "This address takes GET."),
        ("DELETE", "/_emulator/script", 405, "This address takes GET and POST."),
        ("GET", "/_emulator/release", 405, "This address takes POST."),
        ("GET", "/_emulator/nothing", 404, "There is nothing at this address."),
        ("GET", "/_emulator/ledger?lats=2", 400, "Unknown parameter 'lats': this address takes last alone."),
        ("GET", "/_emulator/ledger?last=1&last=2", 400, "last is given twice."),
        ("GET", "/_emulator/ledger?last=0", 400, "last must be a whole number of 1 to 99999."),
        ("GET", "/_emulator/ledger?last=", 400, "last must be a whole number of 1 to 99999."),
        ("GET", "/_emulator/script?clear=1", 400, "Unknown parameter 'clear': this address takes none."),
    ],
)
def test_a_wrong_request_is_refused_with_an_exact_sentence(
    emulator: EmulatorServer, method: str, address: str, status: int, says: str
) -> None:
    answer = ask(emulator, method, address, **({"json": {}} if method == "POST" else {}))
    assert (answer.status_code, answer.json()["error"]) == (status, says)


def test_a_body_where_none_belongs_is_refused(emulator: EmulatorServer) -> None:
    answer = ask(emulator, "DELETE", "/_emulator/ledger", json={"last": 1})
    assert (answer.status_code, answer.json()["error"]) == (400, "A DELETE takes no body.")


# Probes


@pytest.mark.parametrize("host", ["10.0.0.7", "rebound.example", "emulator:8010", ""])
def test_a_probe_is_answered_whatever_host_it_names(emulator: EmulatorServer, host: str) -> None:
    answer = ask(emulator, "GET", "/healthz", headers={"Host": host})
    assert (answer.status_code, answer.json()) == (200, {"status": "ok"})


def test_a_probe_changes_nothing_and_opens_nothing_else(emulator: EmulatorServer) -> None:
    ask(emulator, "GET", "/healthz")
    assert emulator.calls() == []
    assert ask(emulator, "GET", "/_emulator/ledger", headers={"Host": "10.0.0.7"}).status_code == 403
    assert ask(emulator, "DELETE", "/healthz").status_code == 404
