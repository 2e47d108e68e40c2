"""Case packs that somebody made by hand: each ends with a finding, never with an error of the verifier."""

import base64
import hashlib
import io
import json
import struct
import warnings
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.conftest import NOW, VENDOR_CLOCK
from tests.flow.conftest import LATER
from tests.flow.packs import ALL, declined, json_of, keys, opened, pack_of, wrong_with
from tests.flow.reviewing import NOTE
from tests.flow.test_reruns import ask, work
from tests.tampers import Parts
from verification import audit
from verification.actions import cancel, erase, reopen
from verification.audit import facts, trail_keys
from verification.exports import verify_pack
from verification.exports.case_pack import Contents, records
from verification.exports.verify_pack import CHECKPOINT, KEYS
from verification.models import AuditSalt, Review, VerificationAttempt
from verification.transparency import signers
from verification.transparency.canonical import canonical

pytestmark = pytest.mark.django_db


@pytest.fixture
def decided(road, emulator, staff):
    return declined(road, emulator, staff("Reviewer"))


def raw(parts: Parts, manifest: bytes) -> bytes:
    """The pack with a manifest of these very bytes, and a note that names its hash."""
    lines = parts.note.split(b"\n")
    lines[2] = hashlib.sha256(manifest).hexdigest().encode()
    parts.note = b"\n".join(lines)
    return parts.zipped(manifest)


def manifests(pack: bytes) -> Iterator[tuple[str, bytes]]:
    """Manifests of other forms than the portal writes."""
    parts = Parts.of(pack)
    whole = canonical(parts.manifest).decode()
    one = whole.index('{"name":')
    yield "deep", b"[" * 100_000 + b"]" * 100_000
    yield "deep within", whole.replace('"v":1', '"v":1,"x":' + "[" * 50_000 + "]" * 50_000).encode()
    yield "endless number", whole.replace('"v":1', '"v":1e400').encode()
    yield "no number", whole.replace('"v":1', '"v":NaN').encode()
    yield "a number of digits", whole.replace('"v":1', '"v":' + "1" * 10_000).encode()
    yield "twice", whole.replace('"v":1', '"v":1,"v":1').encode()
    yield "a mark at the start", b"\xef\xbb\xbf" + whole.encode()
    yield "half a letter", (whole[:one] + whole[one:].replace('"name":"', '"name":"\\ud800', 1)).encode()
    yield "no UTF-8", b"\xff" + whole.encode()
    yield "nothing", b""
    for wrong in ("null", "[]", '"x"', "1", "{}"):
        yield wrong, wrong.encode()
        for name in ("trail", "facts", "files", "kind"):
            yield f"{name} {wrong}", canonical({**parts.manifest, name: json.loads(wrong)})
    for field in ("name", "size", "sha256"):
        value: Any
        for value in (None, -1, 2**70, True, [], {}, "../../x", "\x1b[31m"):
            files = [{**parts.manifest["files"][0], field: value}, *parts.manifest["files"][1:]]
            yield f"{field} {value}", canonical({**parts.manifest, "files": files})
    deflated: Any
    for deflated in ({}, [], {"size": 2**63, "sha256": ""}, {"size": 1, "sha256": None}):
        files = [*parts.manifest["files"][:-1], {**parts.manifest["files"][-1], "deflated": deflated}]
        yield f"deflated {deflated}", canonical({**parts.manifest, "files": files})


def key_files(pack: bytes) -> Iterator[tuple[str, bytes]]:
    [own] = json.loads(Parts.of(pack).files[KEYS])["keys"]
    name = own["vkey"].partition("+")[0]
    signer = signers.SeedSigner(name, b"k" * 32)
    stranger = {"introduction": "", "since": 0, "vkey": str(signer.key)}
    yield "none", canonical({"keys": []})
    yield "no list", canonical({"keys": None})
    yield "deep", b"[" * 100_000
    yield "large", canonical({"keys": [own], "x": "x" * 2_000_000})
    yield "not introduced", canonical({"keys": [own, stranger]})
    yield "another", canonical({"keys": [stranger]})
    yield "half a letter", b'{"keys":[{"introduction":"","since":0,"vkey":"\\ud800+00000000+AA=="}]}'
    for zero in (bytes(32), b"\x01" + bytes(31), b"\xff" * 32):
        content = b"\x01" + zero
        key_id = hashlib.sha256(name.encode() + b"\n" + content).hexdigest()[:8]
        vkey = f"{name}+{key_id}+{base64.b64encode(content).decode()}"
        yield f"key {zero[:2].hex()}", canonical({"keys": [{**stranger, "vkey": vkey}]})


def zips(pack: bytes) -> Iterator[tuple[str, bytes]]:
    """The zip in other forms."""
    end = len(pack) - 22
    size, start = struct.unpack("<2I", pack[end + 12 : end + 20])
    yield "comment", pack[:-2] + struct.pack("<H", 5) + b"Hello"
    yield "empty comment of a length", pack[:-2] + struct.pack("<H", 5)
    for number in (0, 1, size + 1, 2**32 - 1):
        yield f"list of {number}", pack[: end + 12] + struct.pack("<I", number) + pack[end + 16 :]
    for count in (0, 1, 65535):
        yield f"{count} files", pack[: end + 8] + struct.pack("<2H", count, count) + pack[end + 12 :]
    for many in (0, 1, size, 2**63, 2**64 - 1):
        whole = verify_pack._END_64.pack(b"PK\x06\x06", 44, 0, 45, 0, 0, 1, 1, many, start)
        at = verify_pack._END_64_AT.pack(b"PK\x06\x07", 0, end, 1)
        yield f"ZIP64 of {many}", pack[:end] + whole + at + pack[end:]
    for offset, what in ((6, "encrypted"), (8, "method"), (10, "time"), (4, "version")):
        yield f"local {what}", pack[:offset] + b"\x01" + pack[offset + 1 :]
        central = start + offset + 2
        yield f"listed {what}", pack[:central] + b"\x09" + pack[central + 1 :]
    for name in ("VERIFY.md", "../../etc/passwd", "/x", "C:\\x", "‮.txt"):
        twice = io.BytesIO(pack)
        with warnings.catch_warnings(action="ignore"), zipfile.ZipFile(twice, "a") as archive:
            archive.writestr(name, "Everything holds.")
        yield f"one more {name}", twice.getvalue()
    moved = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(pack)) as old, zipfile.ZipFile(moved, "w", zipfile.ZIP_DEFLATED) as new:
        for name in old.namelist():
            new.writestr(name, old.read(name))
    yield "zipped by another program", moved.getvalue()
    for length in (0, 1, 21, 22, 41, 42, 98):
        yield f"the last {length}", pack[len(pack) - length :]
        yield f"an end after {length}", bytes(length) + pack[end:]


def notes_of(pack: bytes) -> Iterator[tuple[str, bytes]]:
    note = Parts.of(pack).note
    text, _, signature = note.partition(b"\n\n")
    yield "no signature", text + b"\n\n"
    yield "unknown ones before", text + b"\n\n" + b"\xe2\x80\x94 x AAAAAAAA\n" * 3 + signature
    yield "thousands of the same", text + b"\n\n" + signature * 5_000
    yield "too large", text + b"\n\n" + b"\xe2\x80\x94 x AAAAAAAA\n" * 100_000
    yield "Windows", note.replace(b"\n", b"\r\n")
    yield "half a letter", b"\xff" + note


def forged(pack: bytes) -> Iterator[tuple[str, bytes]]:
    for name, manifest in manifests(pack):
        yield f"manifest: {name}", raw(Parts.of(pack), manifest)
    for name, content in key_files(pack):
        parts = Parts.of(pack)
        parts.files[KEYS] = content
        parts.listed_anew()
        yield f"keys: {name}", raw(parts, canonical(parts.manifest) + b"\n")
    for name, content in notes_of(pack):
        parts = Parts.of(pack)
        parts.note = content
        yield f"note: {name}", parts.zipped()
    for name, content in zips(pack):
        yield f"zip: {name}", content


def said(path: Path, capsys: Any, *more: str) -> tuple[int, str]:
    status = verify_pack.main([str(path), *more])
    return status, capsys.readouterr().out


def test_whatever_is_forged_by_hand_is_wrong_and_the_verifier_says_so(decided, tmp_path, capsys):
    pack, path, key = pack_of(decided), tmp_path / "pack.zip", keys()[0]
    path.write_bytes(pack)
    assert said(path, capsys, "--key", key)[0] == 0
    kept = tmp_path / "kept"
    kept.write_bytes(opened(pack).read(CHECKPOINT))
    believed: list[tuple[object, ...]] = []
    for name, content in forged(pack):
        path.write_bytes(content)
        for how in (["--key", key], ["--earlier", str(kept)], []):
            status, text = said(path, capsys, *how)
            if (status, "WRONG" in text) != (1, True) or not text.isascii():
                believed.append((name, how[:1], status, text[:100]))
        # The same file as what was kept: it may be of no use, and never an error.
        (tmp_path / "sound.zip").write_bytes(pack)
        if said(tmp_path / "sound.zip", capsys, "--earlier", str(path))[0] not in (0, 1, 2):
            believed.append((name, "as the earlier"))
    assert believed == []


def signed(parts: Parts) -> bytes:
    """By the portal's own key, as of somebody who has it."""
    return parts.listed_anew().signed_by(next(iter(trail_keys.ring().values()))).zipped()


def test_a_record_whose_salt_is_gone_is_wrong_unless_its_person_was_erased(decided):
    AuditSalt.objects.filter(name=facts.name(decided.reviews.get())).delete()
    assert "what would open that is missing" in wrong_with(pack_of(decided))


def test_a_file_that_is_not_what_was_judged_any_more_is_wrong(decided):
    parts = Parts.of(pack_of(decided))
    listed = json.loads(parts.files["media.json"])
    file = listed["media"][0]["file"]
    listed["media"][0]["missing"] = "damaged"
    parts.files["media.json"] = canonical(listed)
    del parts.files[file]
    assert file in wrong_with(signed(parts))


def test_a_file_that_is_said_to_be_missing_is_not_another(decided):
    parts = Parts.of(pack_of(decided))
    listed = json.loads(parts.files["media.json"])
    listed["media"][0]["missing"] = "erased"
    parts.files["media.json"] = canonical(listed)
    parts.files[listed["media"][0]["file"]] = b"another"
    assert "not the file that was judged" in wrong_with(signed(parts))


@pytest.mark.parametrize("left", [0, 1, 2])
def test_a_file_that_was_judged_is_listed(decided, left):
    parts = Parts.of(pack_of(decided))
    listed = json.loads(parts.files["media.json"])
    dropped = listed["media"].pop(left)
    parts.files["media.json"] = canonical(listed)
    del parts.files[dropped["file"]]
    assert (
        wrong_with(signed(parts))
        == f"media.json: it does not list the {dropped['fact']} of {dropped['record']}"
    )


def test_why_a_file_is_missing_is_one_of_few_reasons(decided):
    parts = Parts.of(pack_of(decided, Contents()))
    listed = json.loads(parts.files["media.json"])
    for why in ("everything holds", "erased", ""):
        listed["media"][0]["missing"] = why
        parts.files["media.json"] = canonical(listed)
        assert "nothing in the pack says why" in wrong_with(signed(parts))


@pytest.mark.parametrize(
    ("file", "left_out"),
    [
        ("calls.json", ["note"]),
        ("reviews.json", ["verdict"]),
        ("reviews.json", ["note"]),
        ("documents.json", ["name"]),
    ],
)
def test_only_names_and_notes_are_ever_left_out(decided, file, left_out):
    parts = Parts.of(pack_of(decided))
    listed = json.loads(parts.files[file])
    row = listed["records"][0]
    del row["opens"]
    row["left_out"] = left_out
    parts.files[file] = canonical(listed)
    assert "never is" in wrong_with(signed(parts))


def test_the_verifier_knows_what_a_pack_may_leave_out():
    named = {"names": records.NAMES, "notes": records.NOTES}
    assert {
        model._meta.model_name: dict.fromkeys(fields, contents)
        for contents, of in named.items()
        for model, fields in of.items()
    } == verify_pack.LEFT_OUT


def test_a_pack_of_another_kind_has_no_files_that_nobody_would_check(decided):
    sound = pack_of(decided)
    for kind in (verify_pack.STATISTICS, verify_pack.PERIOD):
        parts = Parts.of(sound)
        parts.manifest["kind"] = kind
        assert "a pack of this kind has no such file" in wrong_with(signed(parts))
    for name in (verify_pack.EVENTS, verify_pack.RANGE, verify_pack.BESIDE):
        parts = Parts.of(sound)
        parts.files[name] = b"{}\n"
        assert wrong_with(signed(parts)) == f"{name}: a pack of this kind has no such file"


@pytest.mark.parametrize(
    "name", ["../x", "/x", "C:\\x", "x/", "a\0b", "a\u202eb", "CASE.json", "Manifest.json", ""]
)
def test_no_file_has_a_name_that_a_computer_may_take_for_another(decided, name):
    parts = Parts.of(pack_of(decided))
    parts.files[name] = b"x"
    assert "may be named" in (found := wrong_with(signed(parts))) or "stands twice" in found


def changed(parts: Parts, file: str, change: Any) -> Parts:
    """With other records in that file."""
    listed = json.loads(parts.files[file])
    change(listed["records"])
    parts.files[file] = canonical(listed)
    return parts


def without_events(parts: Parts, *kinds: str) -> Parts:
    """Without the events of these kinds, and their proofs."""
    entries = [json.loads(line) for line in parts.files["timeline.jsonl"].splitlines()]
    parts.files["timeline.jsonl"] = b"".join(
        canonical(entry) + b"\n" for entry in entries if entry["kind"] not in kinds
    )
    for entry in entries:
        if entry["kind"] in kinds:
            del parts.files[f"proofs/{entry['event']}.tlog-proof"]
    return parts


@pytest.mark.parametrize(
    ("kind", "file", "record"),
    [
        ("document.uploaded", "documents.json", "document:"),
        ("case.note_written", "notes.json", "casenote:"),
        ("attempt.finished", "attempts.json", "verificationattempt:"),
    ],
)
def test_a_record_whose_event_is_left_out_is_not_believed(decided, kind, file, record):
    parts = without_events(Parts.of(pack_of(decided)), kind)
    changed(parts, file, lambda rows: rows[0].pop("opens"))
    if file == "attempts.json":
        changed(parts, "calls.json", lambda rows: rows[0].pop("opens"))
    found = wrong_with(signed(parts))
    assert record in found
    assert "no event in the pack committed to it" in found


def test_a_record_that_nobody_made_is_not_believed(decided):
    parts = Parts.of(pack_of(decided))
    made_up = {"record": "review:rev_made_up", "further": {}}
    changed(parts, "reviews.json", lambda rows: rows.append({**made_up, "facts": rows[0]["facts"]}))
    assert "no event in the pack committed to it" in wrong_with(signed(parts))


def test_the_records_of_another_case_are_not_believed(decided, road, emulator, staff):
    other = Parts.of(pack_of(road.in_review(emulator)))
    parts = without_events(Parts.of(pack_of(decided)), "document.uploaded", "attempt.finished")
    for name in ("documents.json", "attempts.json", "calls.json", "media.json"):
        parts.files[name] = other.files[name]
    kinds = ("document.uploaded", "attempt.finished")
    entries = [json.loads(line) for line in other.files["timeline.jsonl"].splitlines()]
    for entry in entries:
        if entry["kind"] in kinds:
            parts.files["timeline.jsonl"] += canonical(entry) + b"\n"
            name = f"proofs/{entry['event']}.tlog-proof"
            parts.files[name] = other.files[name]
    parts.files = {name: content for name, content in parts.files.items() if not name.startswith("media/")}
    parts.files |= {name: content for name, content in other.files.items() if name.startswith("media/")}
    assert wrong_with(signed(parts))


def test_what_the_pack_says_that_it_holds_is_in_it(decided):
    def close(rows: list[Any]) -> None:
        del rows[0]["opens"], rows[0]["facts"]["note"]
        rows[0]["left_out"] = ["note"]

    parts = Parts.of(pack_of(decided))
    assert "says that it holds" in wrong_with(signed(changed(parts, "reviews.json", close)))
    parts = Parts.of(pack_of(decided))
    listed = json.loads(parts.files["media.json"])
    file = listed["media"][0]["file"]
    listed["media"][0]["missing"] = "not_asked_for"
    parts.files["media.json"] = canonical(listed)
    del parts.files[file]
    assert "nothing in the pack says why" in wrong_with(signed(parts))


def test_a_verdict_without_its_note_is_still_the_one_of_its_event(decided):
    parts = Parts.of(pack_of(decided, Contents()))
    for change in ({"verdict": "approve"}, {"by.username": "eve"}, {"reason_code": "other"}):
        told = changed(
            Parts.of(parts.zipped()), "reviews.json", lambda rows, c=change: rows[0]["facts"].update(c)
        )
        assert wrong_with(signed(told))


def test_an_erased_person_has_notes_without_text_and_nothing_else_that_is_closed(decided):
    erase.erase(decided.applicant, by=audit.By.shell(), reason="Asked for.", now=NOW)
    pack = pack_of(decided)
    assert wrong_with(pack) == ""
    for file in ("reviews.json", "calls.json", "attempts.json", "documents.json"):
        parts = changed(Parts.of(pack), file, lambda rows: rows[0].pop("opens"))
        assert "what would open that is missing" in wrong_with(signed(parts))


def test_facts_that_are_nested_too_deep_are_a_finding(decided):
    parts = Parts.of(pack_of(decided))
    nested = b"[" * 5_000 + b"]" * 5_000
    parts.files["notes.json"] = parts.files["notes.json"].replace(
        b'"facts":{', b'"facts":{"x":%s,' % nested, 1
    )
    assert wrong_with(signed(parts))


def test_a_kept_checkpoint_that_tells_nothing_about_the_pack_is_no_finding(decided, tmp_path, capsys):
    first = tmp_path / "first.zip"
    first.write_bytes(pack_of(decided))
    newer = tmp_path / "newer.zip"
    newer.write_bytes(pack_of(decided))
    cut = tmp_path / "cut.zip"
    cut.write_bytes(newer.read_bytes()[:-5])
    windows = tmp_path / "windows"
    windows.write_bytes(opened(newer.read_bytes()).read(CHECKPOINT).replace(b"\n", b"\r\n"))
    for how in (["--key", keys()[0]], []):
        assert said(newer, capsys, *how, "--earlier", str(first))[0] == 0
        for earlier, told in (
            (newer, "is newer than this pack"),
            (cut, "can't be read"),
            (windows, "can't be read"),
        ):
            status, text = said(first, capsys, *how, "--earlier", str(earlier))
            assert (status, told in text) == (2, True)
    forged = tmp_path / "forged.zip"
    forged.write_bytes(
        changed(Parts.of(first.read_bytes()), "reviews.json", lambda rows: rows.clear()).zipped()
    )
    # What can't be told hides nothing that is wrong.
    assert said(forged, capsys, "--key", keys()[0], "--earlier", str(newer))[0] == 1


def test_a_call_that_makes_no_sense_is_told_from_a_pack_that_does_not_hold(decided, tmp_path, capsys):
    pack = tmp_path / "pack.zip"
    pack.write_bytes(pack_of(decided))
    assert said(pack, capsys, "--key", f" {keys()[0]}\n")[0] == 0
    for wrong in ([str(pack), "--key", "foo"], [str(pack), "--key", ""], [str(pack), "--self-test"], []):
        with pytest.raises(SystemExit) as ended:
            verify_pack.main(wrong)
        assert ended.value.code == 2
    assert verify_pack.main(["--self-test"]) == 0


def test_what_an_earlier_version_committed_to_is_in_the_pack_as_it_was(decided, monkeypatch):
    fields = facts.FIELDS[Review]
    monkeypatch.setitem(facts.OLDER, Review, (fields,))
    monkeypatch.setitem(facts.FIELDS, Review, (*fields, "public_id"))
    pack = pack_of(decided)
    assert wrong_with(pack) == ""
    [review] = json_of(pack, "reviews.json")["records"]
    assert "opens" in review
    assert "public_id" not in review["facts"]


def test_the_name_of_a_camera_is_a_name(decided):
    VerificationAttempt.objects.update(signals={"camera": "iPhone of Alice"})
    assert b"iPhone of Alice" in opened(pack_of(decided)).read("attempts.json")
    without = opened(pack_of(decided, Contents(media=True, notes=True)))
    assert not [name for name in without.namelist() if b"iPhone of Alice" in without.read(name)]


def test_whatever_became_of_a_case_its_pack_holds(decided, road, emulator, staff):
    senior, once = staff("Senior reviewer"), decided.applicant
    again = road.invited(reference=once.reference, name="Alice Changed", email="new@example.org")
    assert again.applicant == once
    reopen.reopen(decided, reason_code="appeal", note=NOTE, version=decided.version, by=senior, now=LATER)
    cancelled = road.with_photo()
    cancel.cancel(cancelled, reason="Asked for.", by=audit.By.shell(), now=NOW)
    compared = road.in_review(emulator)
    VENDOR_CLOCK.at = LATER
    made = ask(compared, senior)
    assert wrong_with(pack_of(compared)) == ""
    work(made)
    flagged = road.with_photo(seed=1)
    for case in (decided, again, cancelled, compared, flagged):
        for contents in (ALL, Contents()):
            assert wrong_with(pack_of(case, contents)) == ""


def test_it_says_that_events_may_be_left_out(decided):
    assert b"That no event of the case is left out" in opened(pack_of(decided)).read("VERIFY.md")
    assert "no event of the case was left out" in verify_pack.NOT_PROVEN
