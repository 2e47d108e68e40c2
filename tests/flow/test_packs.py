"""Packs: the same input gives the same bytes, everybody can unpack them, and no byte can be changed unnoticed."""

import ast
import io
import random
import subprocess
import sys
import zipfile
from pathlib import Path

import pytest

from tests.flow.test_sealing import event, seal_all
from tests.tampers import Parts, tampers, verdict
from verification.audit import log, trail_keys
from verification.exports import container, verify_pack
from verification.models import Checkpoint
from verification.transparency import notes, signers
from verification.transparency.canonical import canonical

pytestmark = pytest.mark.django_db

EVENTS = 40
TAMPERS = 500
UNTOUCHED = 100


@pytest.fixture
def checkpoint() -> Checkpoint:
    for _ in range(EVENTS):
        event()
    seal_all(most=13)
    newest = log.newest()
    assert newest is not None
    return newest


def packed(checkpoint: Checkpoint, seed: int = 0) -> bytes:
    """A pack of files alone, of the kind that says nothing of single events."""
    trail = container.Trail.at(checkpoint, earlier=Checkpoint.objects.values_list("size", flat=True))
    file, rng = io.BytesIO(), random.Random(seed)
    with container.Writer(file, container.STATISTICS, {"about": "a test"}, trail) as pack:
        rows = rng.randrange(2, 300)
        pack.add("table.jsonl", (f"[{seed},{line}]\n".encode() for line in range(rows)), deflate=True)
        pack.add("pictures/photo.jpg", rng.randbytes(rng.randrange(3000)))
        pack.add("empty", b"")
        pack.facts["rows"] = rows
    return file.getvalue()


def pinned() -> list[str]:
    return [str(key) for key in trail_keys.known()]


def test_the_same_files_at_the_same_checkpoint_give_the_same_bytes(checkpoint: Checkpoint) -> None:
    assert packed(checkpoint) == packed(checkpoint)


def test_every_unpacker_reads_it(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path = tmp_path / "pack.zip"
    path.write_bytes(packed(checkpoint))
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None
        assert archive.read("table.jsonl").startswith(b"[0,0]\n[0,1]\n")
        assert archive.namelist()[-2:] == ["manifest.json", "manifest.note"]


def test_no_pack_that_nobody_touched_is_suspected(checkpoint: Checkpoint) -> None:
    keys = pinned()
    assert {verdict(packed(checkpoint, seed), keys) for seed in range(UNTOUCHED)} == {""}


def test_every_tamper_is_found_and_named(checkpoint: Checkpoint) -> None:
    sound, other = packed(checkpoint), packed(checkpoint, seed=1)
    keys = pinned()
    changed = tampers(sound, TAMPERS, seed=1, other=other)
    assert [each.name for each in changed if not verdict(each.content, keys)] == []


def test_each_single_byte_counts(checkpoint: Checkpoint) -> None:
    sound, keys = packed(checkpoint), pinned()
    unnoticed = []
    for at in range(0, len(sound), 41):
        changed = bytearray(sound)
        changed[at] ^= 0x20
        if not verdict(bytes(changed), keys):
            unnoticed.append(at)
    assert unnoticed == []


@pytest.mark.parametrize("earlier", [13, 26, 39])
def test_it_shows_that_the_trail_begins_as_it_did_at_an_earlier_checkpoint(
    checkpoint: Checkpoint, earlier: int
) -> None:
    kept = Checkpoint.objects.get(size=earlier)
    assert verdict(packed(checkpoint), pinned(), kept.note.encode()) == ""
    assert verdict(packed(checkpoint), [], kept.note.encode()) == ""


def test_a_checkpoint_of_another_trail_is_noticed(checkpoint: Checkpoint) -> None:
    signer = next(iter(trail_keys.ring().values()))
    forged = notes.sign(f"{signer.key.name}\n13\n{'A' * 43}=\n", signer)
    assert "does not begin" in verdict(packed(checkpoint), pinned(), str(forged).encode())
    stranger = signers.SeedSigner(signer.key.name, b"s" * 32)
    forged = notes.sign(f"{signer.key.name}\n13\n{'A' * 43}=\n", stranger)
    assert "no key of this trail" in verdict(packed(checkpoint), [], str(forged).encode())


@pytest.mark.parametrize(
    "name", ["../up", "/root", "a//b", "a\\b", "ä", "", "a" * 201, "EMPTY", "manifest.json"]
)
def test_a_name_that_could_lead_elsewhere_is_refused(checkpoint: Checkpoint, name: str) -> None:
    pack = container.Writer(io.BytesIO(), container.CASE, {}, container.Trail.at(checkpoint))
    pack.add("empty", b"")
    with pytest.raises(container.BadFile):
        pack.add(name, b"content")


def run(*arguments: str, folder: Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-I", "-S", verify_pack.__file__, *arguments]
    return subprocess.run(command, cwd=folder, env={}, capture_output=True, text=True, timeout=60)


def test_the_verifier_runs_alone_and_says_what_it_found(checkpoint: Checkpoint, tmp_path: Path) -> None:
    path, key = tmp_path / "pack.zip", pinned()[0]
    path.write_bytes(packed(checkpoint))
    holds = run("pack.zip", "--key", key, folder=tmp_path)
    assert (holds.returncode, holds.stderr) == (0, "")
    assert "Everything holds." in holds.stdout
    assert run("pack.zip", folder=tmp_path).returncode == 3
    path.write_bytes(path.read_bytes().replace(b"photo", b"phot0", 1))
    wrong = run("pack.zip", "--key", key, folder=tmp_path)
    assert (wrong.returncode, wrong.stderr) == (1, "")
    assert "WRONG" in wrong.stdout
    assert run("nothing.zip", folder=tmp_path).returncode == 2
    assert run(folder=tmp_path).returncode == 2


def test_the_verifier_tells_whether_it_finds_the_known_answers(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    assert verify_pack.main(["--self-test"]) == 0
    monkeypatch.setattr(verify_pack, "ROOT", "00" * 32)
    assert verify_pack.main(["--self-test"]) == 1
    assert "misses a known answer" in capsys.readouterr().out


def test_the_verifier_is_written_for_python_3_9_and_imports_the_standard_library_alone() -> None:
    tree = ast.parse(Path(verify_pack.__file__).read_text(encoding="utf-8"), feature_version=(3, 9))
    imported = {each.module for each in ast.walk(tree) if isinstance(each, ast.ImportFrom)}
    imported |= {name.name for each in ast.walk(tree) if isinstance(each, ast.Import) for name in each.names}
    assert {name.partition(".")[0] for name in imported if name} <= sys.stdlib_module_names


def test_a_forged_name_writes_nothing_else_onto_the_terminal(tmp_path: Path) -> None:
    name = "\u202egpj.evil"
    signer = signers.SeedSigner(name, b"f" * 32)
    keys = canonical({"keys": [{"introduction": "", "since": 0, "vkey": str(signer.key)}]})
    checkpoint = str(notes.sign("another\n1\n\n", signer)).encode()
    files = {verify_pack.KEYS: keys, verify_pack.CHECKPOINT: checkpoint}
    parts = Parts(files, {"facts": {}, "kind": verify_pack.PERIOD, "v": 1}, b"")
    parts.manifest["trail"] = {"origin": name, "size": 1, "root": "00"}
    (tmp_path / "pack.zip").write_bytes(parts.listed_anew().signed_by(signer).zipped())
    told = run("pack.zip", folder=tmp_path)
    assert (told.returncode, told.stderr) == (1, "")
    assert "this is no checkpoint of the log ?gpj.evil" in told.stdout
