"""Settings that are typed wrong are refused by their name and line, and never taken as they are."""

import os
import re
from collections.abc import Callable, Iterator
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from kyc_portal import env
from kyc_portal.env import dotenv, problems, values
from verification.secret_files import SIZE_LIMIT

SECRET = "s3cret-part"
FLAWS = [
    (f"'{SECRET}'", "quote"),
    (f"'{SECRET}", "quote"),
    (f"{SECRET}'", "quote"),
    (f'"{SECRET}', "quote"),
    (f'{SECRET}"', "quote"),
    (f"\N{LEFT DOUBLE QUOTATION MARK}{SECRET}\N{RIGHT DOUBLE QUOTATION MARK}", "quote"),
    (f"`{SECRET}`", "quote"),
    (f"{SECRET} # the old one", "note"),
    (f"{SECRET} #", "note"),
    (f"{SECRET}\N{ZERO WIDTH SPACE}", r"U\+200B ZERO WIDTH SPACE, at place 12"),
    (f"\N{ZERO WIDTH NO-BREAK SPACE}{SECRET}", r"U\+FEFF"),
    (f"{SECRET}\N{NO-BREAK SPACE}", r"U\+00A0"),
    ("s3cret\N{NO-BREAK SPACE}part", r"U\+00A0"),
    (f"\N{RIGHT-TO-LEFT OVERRIDE}{SECRET}", r"U\+202E"),
    (f"{SECRET}\N{SOFT HYPHEN}", r"U\+00AD"),
    ("s3cret\tpart", r"U\+0009"),
    ("s3cret\rpart", r"U\+000D"),
    ("s3cret\x1bpart", r"U\+001B"),
    ("s3cret\N{LINE SEPARATOR}part", r"U\+2028"),
    ("s3cret-${PART}", r"variable by \$\{"),
    (f"KYC_THING={SECRET}", "its own name"),
]
# What a careful person types, with characters that only look like a flaw.
FINE = [SECRET, "#s3cret", "s3cret#part", "s3'cr\"et", "a b", "$(s3cret)", "größe", "a=b", "{region}"]


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """An environment without settings, of which nothing is known yet."""
    ours = ("KYC_", "STORAGE_", "TENCENTCLOUD_", "CELERY_")
    others = {name: value for name, value in os.environ.items() if not name.startswith(ours)}
    monkeypatch.setattr(os, "environ", others)
    holders: tuple[Any, ...] = (problems.lines, dotenv.in_file, values.known)
    before = [holder.copy() for holder in holders]
    for holder in holders:
        holder.clear()
    yield
    env.collect()
    env.stop_if_wrong()
    for holder, held in zip(holders, before, strict=True):
        holder.clear()
        holder.update(held)


def read(folder: Path, content: str | bytes) -> None:
    file = folder / ".env"
    file.write_bytes(content if isinstance(content, bytes) else content.encode())
    env.load_dotenv(file)


def refusal_of(name: str = "KYC_THING", *, with_lines: bool = False) -> str:
    """What a start is told, which never is a part of the secret."""
    with pytest.raises(env.BadSetting) as refused:
        env.secret(name, with_lines=with_lines)
    assert "s3cret" not in str(refused.value)
    assert refused.value.__cause__ is None or isinstance(refused.value.__cause__, OSError)
    return str(refused.value)


# Values


@pytest.mark.parametrize(("value", "words"), FLAWS)
def test_a_flawed_line_is_refused_by_name_and_line(tmp_path: Path, value: str, words: str) -> None:
    read(tmp_path, f"# settings\n\nKYC_THING={value}\n")
    refusal = refusal_of()
    assert refusal.startswith("KYC_THING (.env, line 3) ")
    assert re.search(words, refusal)


@pytest.mark.parametrize(
    ("value", "words"), [*FLAWS, (f"{SECRET} ", "blank"), (f" {SECRET}", "blank"), ("s3c\nret", r"U\+000A")]
)
def test_a_flawed_variable_is_refused_by_name(value: str, words: str) -> None:
    os.environ["KYC_THING"] = value
    refusal = refusal_of()
    assert refusal.startswith("KYC_THING ")
    assert re.search(words, refusal)


@pytest.mark.parametrize(("value", "words"), FLAWS)
def test_a_flawed_file_of_a_secret_is_refused_by_its_variable(tmp_path: Path, value: str, words: str) -> None:
    (tmp_path / "secret").write_bytes(f"{value}\n".encode())
    os.environ["KYC_THING_FILE"] = str(tmp_path / "secret")
    refusal = refusal_of()
    assert refusal.startswith("KYC_THING_FILE ")
    assert re.search(words, refusal)


@pytest.mark.parametrize("value", FINE)
def test_what_only_looks_like_a_flaw_is_taken_as_it_is(tmp_path: Path, value: str) -> None:
    read(tmp_path, f"KYC_THING={value}\nKYC_SPACED = {value} \r\n")
    assert [env.secret(name) for name in ("KYC_THING", "KYC_SPACED")] == [value] * 2


def test_a_pair_of_double_quotes_belongs_to_the_file(tmp_path: Path) -> None:
    read(tmp_path, f'KYC_THING="{SECRET}"\n')
    assert env.secret("KYC_THING") == SECRET


@pytest.mark.parametrize("value", ["\N{ZERO WIDTH SPACE}1", "1 # one", "'1'"])
def test_every_kind_of_setting_refuses_a_flaw(value: str) -> None:
    os.environ["KYC_THING"] = value
    readers: tuple[Callable[[], Any], ...] = (
        lambda: env.text("KYC_THING"),
        lambda: env.flag("KYC_THING", default=True),
        lambda: env.whole("KYC_THING", 1, (1, 9)),
        lambda: env.decimal("KYC_THING", "1", 9),
        lambda: env.words("KYC_THING"),
        lambda: env.choice("KYC_THING", ("1",), "1"),
        lambda: env.database("KYC_THING", ""),
        lambda: env.objects("KYC_THING", Path("var")),
    )
    for read_it in readers:
        with pytest.raises(env.BadSetting, match=r"^KYC_THING has a"):
            read_it()


@pytest.mark.parametrize("value", ["one two", "one,two three", "one;two three", "one,one"])
def test_a_list_with_other_than_commas_or_with_a_word_twice_is_refused(value: str) -> None:
    os.environ["KYC_THING"] = value
    with pytest.raises(env.BadSetting, match=r"KYC_THING has '(one|two)"):
        env.words("KYC_THING", shape=r"one|two")


# Lines


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"export KYC_THING=s3cret", "begins with export"),
        (b"KYC_THING s3cret", "has no ="),
        (b"KYC_THING: s3cret", "has no ="),
        (b"=s3cret", "has no name"),
        (b"KYC-THING=s3cret", "has no name"),
        (b"KYC THING=s3cret", "has no name"),
        (b"set KYC_THING=s3cret", "has no name"),
        (b"KYC_THING=s3cret\xff", "is not UTF-8"),
        ("KYC_\N{ZERO WIDTH SPACE}THING=s3cret".encode(), r"the name has an invisible character \(U\+200B"),
        ("\N{NO-BREAK SPACE}KYC_THING=s3cret".encode(), r"invisible character \(U\+00A0"),
        (b"KYC_TWICE=s3cret\nKYC_TWICE=s3cret", "line 3, KYC_TWICE: is there a second time, after line 2"),
    ],
)
def test_a_line_that_is_none_is_refused_by_its_number(tmp_path: Path, line: bytes, words: str) -> None:
    with pytest.raises(env.BadSetting, match=words) as refused:
        read(tmp_path, b"# settings\n" + line + b"\n")
    assert str(refused.value).startswith(".env, line ")
    assert "s3cret" not in str(refused.value)
    assert "KYC_THING" not in os.environ


def test_a_byte_order_mark_is_refused_as_the_first_line(tmp_path: Path) -> None:
    with pytest.raises(env.BadSetting, match=r"^.env, line 1: the name has an invisible .*U\+FEFF"):
        read(tmp_path, b"\xef\xbb\xbfKYC_THING=one\n")


def test_a_file_of_another_encoding_is_refused_line_by_line(tmp_path: Path) -> None:
    with pytest.raises(env.BadSetting, match=r".env, line 1: is not UTF-8"):
        read(tmp_path, "KYC_THING=one\n".encode("utf-16"))


def test_line_ends_of_windows_are_line_ends(tmp_path: Path) -> None:
    read(tmp_path, b"# settings\r\n\r\nKYC_THING=one\r\nKYC_OTHER=\r\n")
    assert (env.text("KYC_THING"), env.text("KYC_OTHER", "")) == ("one", "")


def test_every_wrong_line_is_named_at_once(tmp_path: Path) -> None:
    with pytest.raises(env.BadSetting) as refused:
        read(tmp_path, "KYC_ONE\nexport KYC_TWO=2\nKYC_THREE=3\n")
    assert re.findall(r"line (\d)", str(refused.value)) == ["1", "2"]


def test_a_file_that_can_not_be_read_is_a_sentence(tmp_path: Path) -> None:
    (tmp_path / ".env").mkdir()
    with pytest.raises(env.BadSetting, match=r"^.env can't be read: Is a directory"):
        env.load_dotenv(tmp_path / ".env")


def test_a_file_without_end_is_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(env.BadSetting, match=r"^.env has more than 65536 bytes"):
        read(tmp_path, "#" * 65_537)


def test_an_empty_variable_does_not_hide_the_file(tmp_path: Path) -> None:
    os.environ["KYC_THING"] = ""
    read(tmp_path, "KYC_THING=one\n")
    assert env.text("KYC_THING") == "one"


def test_in_the_demo_an_empty_variable_stands_for_the_demos_own(tmp_path: Path) -> None:
    os.environ.update(KYC_MODE="demo", KYC_THING="")
    read(tmp_path, "KYC_THING=an-installations\n")
    assert env.text("KYC_THING", "the demo's own") == "the demo's own"


# Files of secrets


def as_file(folder: Path, content: bytes) -> None:
    (folder / "secret").write_bytes(content)
    os.environ["KYC_THING_FILE"] = str(folder / "secret")


@pytest.mark.parametrize("end", ["", "\n", "\r\n", "\n\n\r\n"])
def test_line_ends_behind_a_secret_are_not_of_it(tmp_path: Path, end: str) -> None:
    as_file(tmp_path, f"{SECRET}{end}".encode())
    assert env.secret("KYC_THING") == SECRET


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "is empty"),
        (b"\n\n", "is empty"),
        (b"s" * (SIZE_LIMIT + 1), f"more than {SIZE_LIMIT} bytes"),
        (b"s3cret\xff", "not UTF-8"),
        (b"\xef\xbb\xbfs3cret\n", r"U\+FEFF"),
        (b"\ns3cret\n", r"U\+000A"),
        (b"s3cret\ns3cret\n", r"U\+000A"),
        (b"s3cret \n", "blank"),
    ],
)
def test_a_file_that_holds_no_secret_is_refused(tmp_path: Path, content: bytes, words: str) -> None:
    as_file(tmp_path, content)
    refusal = refusal_of()
    assert refusal.startswith("KYC_THING_FILE names a file ")
    assert re.search(words, refusal)


def test_a_secret_of_several_lines_has_them(tmp_path: Path) -> None:
    as_file(tmp_path, b"one\r\ntwo\r\n")
    assert env.secret("KYC_THING", with_lines=True) == "one\ntwo"


def test_what_is_no_file_holds_no_secret(tmp_path: Path) -> None:
    """A pipe would never end."""
    os.mkfifo(tmp_path / "pipe")
    for path, words in (
        (tmp_path, "not a file"),
        (tmp_path / "pipe", "not a file"),
        (tmp_path / "no", "No such"),
    ):
        os.environ["KYC_THING_FILE"] = str(path)
        assert words in refusal_of()


# Names


def test_an_unknown_name_is_told_its_neighbour_and_its_line(tmp_path: Path) -> None:
    read(tmp_path, "KYC_PUBLIC_ULR=https://verify.example.com\n")
    env.text("KYC_PUBLIC_URL", "")
    with pytest.raises(env.BadSetting) as refused:
        env.refuse_unknown()
    assert str(refused.value) == "KYC_PUBLIC_ULR (.env, line 1) is no setting. Did you mean KYC_PUBLIC_URL?"


@pytest.mark.parametrize(
    "name", ["kyc_public_url", "KYC_PUBLIC_URL_FILE", "PUBLIC_URL", "KYCPUBLIC_URL", "KYC_PUBLIC", "ANYTHING"]
)
def test_in_the_file_every_name_has_to_be_a_setting(tmp_path: Path, name: str) -> None:
    read(tmp_path, f"{name}=1\n")
    env.text("KYC_PUBLIC_URL", "")
    with pytest.raises(env.BadSetting, match=f"^{name} .* is no setting"):
        env.refuse_unknown()


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("KYC_ANYTHING", True),
        ("CELERY_BROKER_READ_URL", True),  # Celery would follow it instead of ours
        ("TENCENTCLOUD_SECRETID", True),
        ("TENCENTCLOUD_SECRET_ID_TWO", True),
        ("TENCENTCLOUD_REGION", False),
        ("STORAGE_DRIVER", False),
        ("PUBLIC_URL", False),
        ("EDITOR", False),
    ],
)
def test_in_the_environment_only_names_like_ours_have_to_be_settings(name: str, refused: bool) -> None:
    os.environ[name] = "1"
    env.text("KYC_PUBLIC_URL", "")
    env.secret("TENCENTCLOUD_SECRET_ID", "")
    env.secret("CELERY_BROKER_URL", "")
    if refused:
        with pytest.raises(env.BadSetting, match=f"^{name} is no setting"):
            env.refuse_unknown()
    else:
        env.refuse_unknown()


@pytest.mark.parametrize(
    "name",
    [
        "KYC_PORT",
        "KYC_SERVICE_HOST",
        "KYC_SERVICE_PORT",
        "KYC_WEB_SERVICE_PORT_HTTP",
        "KYC_PORT_8000_TCP",
        "KYC_WEB_PORT_8000_TCP_ADDR",
        "KYC_DNS_PORT_53_UDP_PROTO",
        "CELERY_BROKER_PORT",
    ],
)
def test_what_kubernetes_sets_for_a_service_is_no_setting_of_ours(tmp_path: Path, name: str) -> None:
    os.environ[name] = "tcp://10.0.0.5:8000"
    env.text("KYC_PUBLIC_URL", "")
    env.refuse_unknown()
    read(tmp_path, f"{name}=tcp://10.0.0.5:8000\n")
    with pytest.raises(env.BadSetting, match=f"^{name}"):
        env.refuse_unknown()


def test_a_neighbour_of_a_setting_is_refused_though_it_ends_like_a_service() -> None:
    os.environ["KYC_PROXY_PORT"] = "1"
    env.text("KYC_PROXY_SPORT", "")
    with pytest.raises(env.BadSetting, match="Did you mean KYC_PROXY_SPORT"):
        env.refuse_unknown()


@pytest.mark.parametrize(
    ("name", "refused"),
    [
        ("LOG_LEVL", True),
        ("CSRF_TRUSTED_ORIGIN", True),
        ("DATABASE_URI", False),
        ("GUNICORN_LOG_LEVEL", False),
        ("LOG_FORMAT", False),
    ],
)
def test_in_the_environment_a_name_that_is_nearly_ours_is_a_typing_mistake(name: str, refused: bool) -> None:
    os.environ.pop("LOG_LEVEL", None)
    os.environ[name] = "1"
    for setting in ("LOG_LEVEL", "CSRF_TRUSTED_ORIGINS", "DATABASE_URL"):
        env.text(setting, "")
    if refused:
        with pytest.raises(env.BadSetting, match=f"^{name} is no setting. Did you mean"):
            env.refuse_unknown()
        os.environ.update(LOG_LEVEL="INFO", CSRF_TRUSTED_ORIGINS="https://kyc.example.com")
    env.refuse_unknown()  # once the setting itself is there


@pytest.mark.parametrize(
    "name", ["TENCENTCLOUD_SECRET_KEY", "TENCENTCLOUD_TOKEN", "KYC_FACEID_RATE", "KYC_FACEID_DAILY_BUDGET"]
)
def test_a_setting_of_an_account_that_is_not_listed_says_so(tmp_path: Path, name: str) -> None:
    read(tmp_path, f"{name}_TWO=5\n")
    env.text(name, "")
    with pytest.raises(env.BadSetting, match="KYC_FACEID_MORE_ACCOUNTS has to list that account"):
        env.refuse_unknown()


@pytest.mark.parametrize(
    ("unknown", "words"),
    [
        ("KYC_FACEID_REGION_TWO", "Did you mean KYC_FACEID_REGION?"),
        ("SECRET_KEY_OLD", "Did you mean SECRET_KEY?"),
        ("KYC_FACEID_REGION_FILE", "KYC_FACEID_REGION is no secret and can't come from a file."),
        ("KYC_FACEID_RATE_FILE", "KYC_FACEID_RATE is no secret and can't come from a file."),
    ],
)
def test_what_no_account_has_of_its_own_is_told_nothing_of_accounts(
    tmp_path: Path, unknown: str, words: str
) -> None:
    read(tmp_path, f"{unknown}=5\n")
    for name in ("KYC_FACEID_REGION", "SECRET_KEY", "KYC_FACEID_RATE"):
        env.text(name, "")
    with pytest.raises(env.BadSetting) as refused:
        env.refuse_unknown()
    assert str(refused.value) == f"{unknown} (.env, line 1) is no setting. {words}"


def test_what_the_object_stores_library_reads_by_itself_may_stand_in_the_file(tmp_path: Path) -> None:
    read(tmp_path, "AWS_PROFILE=kyc\n")
    env.refuse_unknown()


# All at once


def test_all_that_is_wrong_is_told_in_one_message(tmp_path: Path) -> None:
    env.collect()
    read(tmp_path, "KYC_ONE=many\nKYC_TWO='2'\nexport KYC_THREE=3\nKYC_FUOR=4\n")
    assert (env.whole("KYC_ONE", 1, (1, 9)), env.text("KYC_TWO"), env.decimal("KYC_FOUR", "1", 9)) == (
        0,
        "",
        Decimal(1),
    )
    env.text("KYC_FIVE")
    env.refuse_unknown()
    with pytest.raises(env.BadSetting) as refused:
        env.stop_if_wrong()
    assert str(refused.value) == (
        "several are wrong.\n"
        "  .env, line 3: begins with export. Write NAME=value alone.\n"
        "  KYC_ONE (.env, line 1) must be a whole number from 1 to 9, not 'many'.\n"
        "  KYC_TWO (.env, line 2) has a quote at one end. Write the value without quotes.\n"
        "  KYC_FIVE is not set. See .env.example for what it holds.\n"
        "  KYC_FUOR (.env, line 4) is no setting. Did you mean KYC_FOUR?"
    )


def test_what_everything_depends_on_stops_at_once() -> None:
    env.collect()
    os.environ.update(KYC_MODE="'demo'", KYC_ONE="many")
    env.whole("KYC_ONE", 1, (1, 9))
    env.stop_if_wrong("KYC_MODE")
    env.choice("KYC_MODE", ("demo",), "demo")
    with pytest.raises(env.BadSetting, match="KYC_MODE"):
        env.stop_if_wrong("KYC_MODE")


def test_the_folder_of_a_databases_socket_is_told_how_it_is_written() -> None:
    os.environ["DATABASE_URL"] = "postgresql:///kyc?host=/run/postgresql"
    with pytest.raises(env.BadSetting, match="postgresql://%2Frun%2Fpostgresql/kyc"):
        env.database("DATABASE_URL", "")
