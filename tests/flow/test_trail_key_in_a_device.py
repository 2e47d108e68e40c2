"""A key of the trail in a device (PKCS#11): it signs there, and what the device does wrong is told and kept waiting."""

import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pkcs11
import pytest
from pkcs11 import Attribute, KeyType, Mechanism

from kyc_portal import env
from tests.conftest import NOW
from tests.flow.test_sealing import check_whole_log, event
from verification import anchors
from verification.actions import seal
from verification.audit import log, sealing, trail_keys
from verification.crypto import BadKeyring, new_entry
from verification.transparency import device

pytestmark = pytest.mark.django_db

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
PIN, LABEL, TOKEN = "5678", "trail-2026", "trail"
_ED25519 = bytes([0x13, 12]) + b"edwards25519"


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """A software device with one token, in which an Ed25519 key was made."""
    if not MODULE.exists():
        pytest.skip("softhsm2 is not installed.")
    folder = tmp_path_factory.mktemp("device")
    (folder / "tokens").mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {folder / 'tokens'}\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(folder / "softhsm2.conf"))
        made = ["softhsm2-util", "--init-token", "--free", "--label", TOKEN, "--so-pin", "1234", "--pin", PIN]
        subprocess.run(made, check=True, capture_output=True)
        with pkcs11.lib(str(MODULE)).get_token(token_label=TOKEN).open(rw=True, user_pin=PIN) as session:
            curve = session.create_domain_parameters(
                KeyType.EC_EDWARDS, {Attribute.EC_PARAMS: _ED25519}, local=True
            )
            curve.generate_keypair(mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN, store=True, label=LABEL)
        yield


@pytest.fixture
def in_device(token: None, settings: Any) -> Iterator[None]:
    settings.PKCS11_MODULE, settings.PKCS11_TOKEN, settings.PKCS11_PIN = str(MODULE), TOKEN, PIN
    settings.TRAIL_KEYS = f"device:pkcs11:{LABEL}"
    trail_keys._ring.cache_clear()
    yield
    trail_keys._ring.cache_clear()


def sealed() -> Any:
    return seal.seal(clock=lambda: NOW, stretch=10.0)


def test_the_device_signs_checkpoints_that_anybody_can_check(in_device: None) -> None:
    event()
    assert sealed() is not None
    check_whole_log()


def test_a_key_in_a_device_takes_over_from_one_in_a_file(in_device: None, settings: Any) -> None:
    ring = settings.TRAIL_KEYS
    old = new_entry("old")
    settings.TRAIL_KEYS = old
    event()
    sealed()
    settings.TRAIL_KEYS = f"{ring},{old}"
    event()
    sealed()
    assert len(trail_keys.known()) == 2
    check_whole_log()


@pytest.mark.parametrize(
    ("setting", "value"),
    [("PKCS11_PIN", "0000"), ("PKCS11_TOKEN", "another"), ("TRAIL_KEYS", "k:pkcs11:another")],
)
def test_a_device_that_refuses_leaves_the_events_waiting(
    in_device: None, settings: Any, setting: str, value: str
) -> None:
    setattr(settings, setting, value)
    trail_keys._ring.cache_clear()
    event()
    assert sealed() is None
    assert log.newest() is None
    with pytest.raises(device.DeviceFailed):
        sealing.seal(now=NOW)


def test_a_device_that_refuses_keeps_nobody_from_asking_the_places_outside(
    in_device: None, settings: Any, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The log's own keys are in the database, so a rewound history is found without the device."""
    monkeypatch.setenv("KYC_TRAIL_ANCHORS", f"file://{tmp_path}")
    settings.TRAIL_ANCHORS = env.anchors("KYC_TRAIL_ANCHORS")
    place = anchors.places()[0]
    assert isinstance(place, anchors.Kept)
    assert place.prepare()
    event()
    sealed()
    assert anchors.ship_next(clock=lambda: NOW)
    settings.PKCS11_PIN = "0000"
    trail_keys._ring.cache_clear()
    event()
    assert sealed() is None
    assert anchors.compare(now=NOW) == []
    assert [row.verdict for row in anchors.standing()] == ["agrees"]


def test_a_device_that_hangs_is_given_up(in_device: None, monkeypatch: Any) -> None:
    monkeypatch.setattr(device, "PATIENCE", 0.0)
    event()
    with pytest.raises(device.DeviceFailed, match="has not answered"):
        sealing.seal(now=NOW)


def test_a_device_of_which_nothing_is_said_is_a_bad_ring(settings: Any) -> None:
    with pytest.raises(BadKeyring, match="KYC_PKCS11_MODULE"):
        trail_keys.check(f"device:pkcs11:{LABEL}")
