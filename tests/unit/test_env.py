"""Settings are parsed strictly: an error names the variable and the remedy."""

import re
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kyc_portal import env
from kyc_portal.env.addresses import OBJECT_KEYS
from kyc_portal.env.values import known


def test_a_missing_setting_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("KYC_THING", raising=False)
    with pytest.raises(env.BadSetting, match="KYC_THING"):
        env.text("KYC_THING")


def test_a_secret_comes_from_its_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / "secret"
    file.write_text("s3cret\n")
    monkeypatch.setenv("KYC_THING_FILE", str(file))
    assert env.secret("KYC_THING") == "s3cret"


def test_a_secret_is_not_given_twice(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("KYC_THING", "one")
    monkeypatch.setenv("KYC_THING_FILE", str(tmp_path / "other"))
    with pytest.raises(env.BadSetting, match="both"):
        env.secret("KYC_THING")


def test_a_secret_file_that_is_missing_stops_the_start(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setenv("KYC_THING_FILE", str(tmp_path / "nothing"))
    with pytest.raises(env.BadSetting, match="KYC_THING_FILE"):
        env.secret("KYC_THING")


@pytest.mark.parametrize(("value", "expected"), [("1", True), ("Yes", True), ("0", False), ("off", False)])
def test_a_flag_knows_the_usual_words(monkeypatch: pytest.MonkeyPatch, value: str, expected: bool) -> None:
    monkeypatch.setenv("KYC_THING", value)
    assert env.flag("KYC_THING", default=not expected) is expected


def test_a_flag_refuses_other_words(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_THING", "perhaps")
    with pytest.raises(env.BadSetting, match="1 or 0"):
        env.flag("KYC_THING", default=True)


@pytest.mark.parametrize("value", ["2.5", "0", "10", "-1", "1_0", "+1", "１", "1e0", "0x1", "9" * 5000])
def test_a_number_is_whole_and_in_its_range(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KYC_THING", value)
    with pytest.raises(env.BadSetting, match="whole number from 1 to 9"):
        env.whole("KYC_THING", 1, (1, 9))


def test_a_choice_names_the_options(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_THING", "blue")
    with pytest.raises(env.BadSetting, match="red, green"):
        env.choice("KYC_THING", ("red", "green"), "red")


def test_a_price_is_read_to_the_last_digit(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_THING", "0.10")
    assert env.decimal("KYC_THING", "0", 1000) == Decimal("0.10")


@pytest.mark.parametrize("value", ["1", "9"])
def test_the_ends_of_a_range_belong_to_it(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KYC_THING", value)
    assert env.whole("KYC_THING", 5, (1, 9)) == int(value)


@pytest.mark.parametrize(
    "value", ["a lot", "-1", "NaN", "Infinity", "0,10", "1000.01", "1_0", "1e2", "+1", ".5", "٣"]
)
def test_a_price_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, value: str) -> None:
    monkeypatch.setenv("KYC_THING", value)
    with pytest.raises(env.BadSetting, match="KYC_THING"):
        env.decimal("KYC_THING", "0", 1000)


def test_a_database_address_is_taken_apart(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_DB", "postgresql://ann:p%40ss@db.example:5433/kyc")
    assert env.database("KYC_DB", "") == env.Database(
        "postgresql", "kyc", "ann", "p@ss", "db.example", "5433"
    )


def test_a_database_is_reached_as_safely_as_its_address_says(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_DB", "postgresql://db.example/kyc?sslmode=verify-full")
    assert env.database("KYC_DB", "").options == {"sslmode": "verify-full"}


@pytest.mark.parametrize("mode", ["verify_full", "VERIFY-FULL", "on", "true"])
def test_a_level_of_safety_that_is_none_is_refused(monkeypatch: pytest.MonkeyPatch, mode: str) -> None:
    monkeypatch.setenv("KYC_DB", f"postgresql://db.example/kyc?sslmode={mode}")
    with pytest.raises(env.BadSetting, match="verify-full"):
        env.database("KYC_DB", "")


@pytest.mark.parametrize("address", ["postgresql://db.example", "postgresql://db.example/"])
def test_a_database_has_a_name(monkeypatch: pytest.MonkeyPatch, address: str) -> None:
    monkeypatch.setenv("KYC_DB", address)
    with pytest.raises(env.BadSetting, match="does not end in /name"):
        env.database("KYC_DB", "")


def test_an_unknown_database_option_is_not_passed_over(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_DB", "postgresql://db.example/kyc?sslmod=verify-full")
    with pytest.raises(env.BadSetting, match="sslmod"):
        env.database("KYC_DB", "")


@pytest.mark.parametrize(
    "address",
    [
        "postgresql://ann:se/cret@db.example/kyc",
        "postgresql://ann:12/cret@db.example/kyc",
        "postgresql://ann:12#cret@db.example/kyc",
        "postgresql://ann:12?cret=1@db.example/kyc",
        "postgresql://ann:[cret@db.example/kyc",
        "ann:cret@db.example/kyc",
    ],
)
def test_a_password_that_breaks_the_address_is_not_told(
    monkeypatch: pytest.MonkeyPatch, address: str
) -> None:
    monkeypatch.setenv("KYC_DB", address)
    with pytest.raises(env.BadSetting) as refused:
        env.database("KYC_DB", "")
    assert "cret" not in str(refused.value)
    assert refused.value.__cause__ is None


def test_a_sqlite_address_is_a_path(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_DB", "sqlite:////srv/kyc.sqlite3")
    assert env.database("KYC_DB", "").name == "/srv/kyc.sqlite3"


def test_another_database_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("KYC_DB", "mysql://localhost/kyc")
    with pytest.raises(env.BadSetting, match="postgresql://"):
        env.database("KYC_DB", "")


def objects(monkeypatch: pytest.MonkeyPatch, url: str, **more: str) -> dict[str, Any]:
    names = ("STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY", "STORAGE_SESSION_TOKEN")
    for name in (*names, *(f"{name}_FILE" for name in names)):
        monkeypatch.delenv(name, raising=False)
    for name, value in {"KYC_OBJECTS": url, **more}.items():
        monkeypatch.setenv(name, value)
    return env.objects("KYC_OBJECTS", Path("var/evidence"))


def test_objects_are_stored_in_a_folder_of_the_portal(monkeypatch: pytest.MonkeyPatch) -> None:
    """Also with a relative KYC_DATA_DIR."""
    found = objects(monkeypatch, "")
    assert found["BACKEND"].endswith("DurableFileSystemStorage")
    assert found["OPTIONS"] == {"location": str(Path.cwd() / "var/evidence")}


def test_a_folder_of_the_portal_may_lie_beside_the_project(monkeypatch: pytest.MonkeyPatch) -> None:
    """KYC_DATA_DIR=../data is valid and causes no error about STORAGE_URL."""
    monkeypatch.delenv("KYC_OBJECTS", raising=False)
    found = env.objects("KYC_OBJECTS", Path("../data/evidence"))
    assert found["OPTIONS"] == {"location": str(Path.cwd().parent / "data/evidence")}


def test_objects_lie_in_the_folder_that_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    found = objects(monkeypatch, "file:///srv/kyc%20evidence")
    assert found["OPTIONS"] == {"location": "/srv/kyc evidence"}


def test_objects_lie_in_a_bucket_with_the_keys_of_the_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    found = objects(monkeypatch, "s3://evidence/portal/one/?region_name=eu-central-1")
    assert found == {
        "BACKEND": "verification.storage.s3.ObjectStorage",
        "OPTIONS": {
            "bucket_name": "evidence",
            "location": "portal/one",
            "region_name": "eu-central-1",
            "access_key": None,
            "secret_key": None,
            "security_token": None,
        },
    }


def test_the_keys_of_a_bucket_may_come_from_files(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    (tmp_path / "key").write_text("example\n")
    found = objects(
        monkeypatch,
        "s3://evidence?endpoint_url=https://s3.example.com:9000&addressing_style=path",
        STORAGE_ACCESS_KEY_ID="AKIDexample",
        STORAGE_SECRET_ACCESS_KEY_FILE=str(tmp_path / "key"),
    )
    assert found["OPTIONS"]["secret_key"] == "example"
    assert found["OPTIONS"]["endpoint_url"] == "https://s3.example.com:9000"


@pytest.mark.parametrize(
    ("url", "sentence"),
    [
        ("/srv/evidence", "must be file:///folder or s3://bucket/prefix"),
        ("file://srv/evidence", "must be file:///folder or s3://bucket/prefix"),
        ("file:///srv/evidence?x=1", "must be file:///folder or s3://bucket/prefix"),
        ("file:///srv/evidence#x", "must be file:///folder or s3://bucket/prefix"),
        ("file:evidence", "must be file:///folder or s3://bucket/prefix"),
        ("file://", "must be file:///folder or s3://bucket/prefix"),
        ("file:///", "must be file:///folder or s3://bucket/prefix"),
        ("file:////", "must be file:///folder or s3://bucket/prefix"),
        ("file:///srv/../etc", "must be file:///folder or s3://bucket/prefix"),
        ("file:///srv/%2e%2e/etc", "must be file:///folder or s3://bucket/prefix"),
        ("s3://evidence/../other", "must be file:///folder or s3://bucket/prefix"),
        ("s3://evidence/one/%2E%2E", "must be file:///folder or s3://bucket/prefix"),
        ("gs://evidence", "must be file:///folder or s3://bucket/prefix"),
        ("s3:///prefix", "must be file:///folder or s3://bucket/prefix"),
        ("s3://AKID:secret@evidence/prefix", "without a key or '..' in it"),
        ("s3://evidence?default_acl=public-read", "has an option that is not known"),
        ("s3://evidence?region_name=eu-west-1&region_name=eu-west-2", "region_name twice or empty"),
        ("s3://evidence?region_name=", "region_name twice or empty"),
        ("s3://evidence?endpoint_url=s3.example.com", "endpoint_url"),
        (
            "s3://evidence?endpoint_url=https://AKID:secret@s3.example.com",
            "endpoint_url .* without a key in it",
        ),
        ("s3://evidence?addressing_style=circular", "addressing_style that is not one of auto"),
        ("s3://[::1", "is no address"),
        ("s3://evidence?endpoint_url=https://[::1", "is no address"),
    ],
)
def test_a_place_for_objects_that_is_none_is_refused(
    monkeypatch: pytest.MonkeyPatch, url: str, sentence: str
) -> None:
    with pytest.raises(env.BadSetting, match=sentence) as refused:
        objects(monkeypatch, url)
    assert "secret" not in str(refused.value)


@pytest.mark.parametrize(
    "name", ["STORAGE_ACCESS_KEY_ID", "STORAGE_SECRET_ACCESS_KEY", "STORAGE_SESSION_TOKEN"]
)
def test_half_of_the_keys_of_a_bucket_is_refused(monkeypatch: pytest.MonkeyPatch, name: str) -> None:
    with pytest.raises(env.BadSetting, match="together or not at all"):
        objects(monkeypatch, "s3://evidence", **{name: "example"})


def test_the_environment_beats_the_dotenv_file(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    file = tmp_path / ".env"
    file.write_text('# a comment\nKYC_ONE="from the file"\nKYC_TWO=from the file\n')
    monkeypatch.setenv("KYC_ONE", "from outside")
    monkeypatch.setenv("KYC_TWO", "")
    monkeypatch.delenv("KYC_TWO")
    env.load_dotenv(file)
    assert (env.text("KYC_ONE"), env.text("KYC_TWO")) == ("from outside", "from the file")


def test_every_setting_that_is_read_stands_in_the_example() -> None:
    read = re.findall(r'env\.\w+\(\s*f?"([A-Z_]+)[{"]', (env.PROJECT / "kyc_portal/settings.py").read_text())
    example = (env.PROJECT / ".env.example").read_text()
    assert [name for name in [*read, *OBJECT_KEYS] if f"\n{name}=" not in example] == []


def test_nothing_stands_in_the_example_that_is_not_read() -> None:
    """Otherwise `.env`, which is a copy of it, would be refused."""
    example = re.findall(r"^([A-Z_]+)=", (env.PROJECT / ".env.example").read_text(), re.MULTILINE)
    assert set(example) <= known
