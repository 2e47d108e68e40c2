"""`requirements/install`: which Python it chooses, its message without one, and how it repairs an environment.

The locks here hold nothing, or one package that lies in a folder, so no package index is used. Without uv in them, only
the pip path is tested.
"""

import hashlib
import re
import shutil
import subprocess
import sys
import tomllib
import zipfile
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from packaging.specifiers import SpecifierSet

SCRIPT = Path("requirements/install")
TOOLS = ("bash", "env", "dirname", "head", "tail", "grep", "cksum", "sed", "rm", "cat", "flock")
WORKS = f'exec "{sys.executable}" "$@"'
WITHOUT_VENV = f'[[ "$*" == *ensurepip* ]] && exit 1; {WORKS}'
BROKEN_SHIM = "echo 'command not found' >&2; exit 127"


def bare(folder: Path) -> Path:
    """A project with empty locks, and a PATH without Python."""
    (folder / "requirements").mkdir(parents=True)
    shutil.copy(SCRIPT, folder / SCRIPT)
    shutil.copy("requirements/missing.py", folder / "requirements/missing.py")
    for lock in ("run", "dev", "uv"):
        (folder / f"requirements/{lock}.txt").write_text("--only-binary :all:\n")
    (folder / "bin").mkdir()
    for tool in TOOLS:
        (folder / "bin" / tool).symlink_to(shutil.which(tool) or pytest.fail(f"{tool} is missing"))
    return folder


@pytest.fixture
def project(tmp_path: Path) -> Path:
    return bare(tmp_path / "project")


@pytest.fixture(scope="module")
def installed(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """An environment, installed once because that takes seconds; each test must leave it valid. On the PATH are two
    unsuitable Pythons before the suitable one."""
    project = bare(tmp_path_factory.mktemp("install") / "project")
    have(project, python3_11=BROKEN_SHIM, python3_12=WITHOUT_VENV, python3=WORKS)
    assert install(project).returncode == 0
    return project


def have(project: Path, **pythons: str) -> None:
    """Puts programs named python… on the PATH; `_` stands for the dot."""
    for name, script in pythons.items():
        program = project / "bin" / name.replace("_", ".")
        program.write_text(f"#!/usr/bin/env bash\n{script}\n")
        program.chmod(0o755)


def install(project: Path, which: str = "run", **settings: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [SCRIPT, which],
        cwd=project,
        env={"PATH": str(project / "bin"), "HOME": str(project), **settings},
        capture_output=True,
        text=True,
        timeout=120,
    )


def works(project: Path) -> bool:
    done = subprocess.run(
        [project / ".venv/bin/python", "-m", "pip", "--version"], capture_output=True, timeout=60
    )
    return done.returncode == 0 and (project / ".venv/.installed").exists()


@pytest.mark.parametrize(
    "pythons",
    [
        {},
        {"python3_11": BROKEN_SHIM},
        {"python3": WITHOUT_VENV},
        {"python3": 'exec false "$@"'},
    ],
    ids=["none", "a broken shim", "no venv module", "one that is too old"],
)
def test_a_machine_without_a_fitting_python_hears_one_sentence(
    project: Path, pythons: dict[str, str]
) -> None:
    have(project, **pythons)
    done = install(project)
    assert done.returncode == 1
    assert done.stdout == ""
    assert done.stderr.count("\n") == 1
    for system, package in [
        ("Debian", "python3-venv"),
        ("Ubuntu", "python3-venv"),
        ("Fedora", "python3.14"),
        ("macOS", "python@3.14"),
    ]:
        assert system in done.stderr
        assert package in done.stderr


def test_a_python_that_does_not_run_or_lacks_venv_is_passed_over(installed: Path) -> None:
    assert works(installed)


def test_the_python_that_is_asked_for_is_the_only_one_tried(project: Path) -> None:
    have(project, python3=WORKS, mine=BROKEN_SHIM)
    done = install(project, PYTHON="mine")
    assert done.returncode == 1
    assert done.stderr.startswith("No mine here")


def test_a_second_run_changes_nothing(installed: Path) -> None:
    before = (installed / ".venv/.installed").stat().st_mtime_ns
    done = install(installed)
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")
    assert (installed / ".venv/.installed").stat().st_mtime_ns == before


def test_a_changed_lock_is_installed(installed: Path) -> None:
    with (installed / "requirements/run.txt").open("a") as lock:
        lock.write("# another\n")
    assert "requirements/run.txt" in install(installed).stdout
    assert install(installed).stdout == ""


def test_what_the_environment_adds_to_the_lock_does_not_count(installed: Path) -> None:
    """pip refuses a constraint file that is not there, if it looks for it at all."""
    with (installed / "requirements/run.txt").open("a") as lock:
        lock.write("# one more\n")
    done = install(installed, PIP_CONSTRAINT="/missing/constraints.txt", PYTHONPATH="/missing")
    assert (done.returncode, done.stderr) == (0, "")


# What the environment says about pip and uv


@pytest.fixture
def with_a_package(project: Path) -> Path:
    """A project whose lock has one package, and PIP_FIND_LINKS for the folder that it lies in."""
    have(project, python3=WORKS)
    wheel = project / "wheels/thing-1.0-py3-none-any.whl"
    wheel.parent.mkdir()
    with zipfile.ZipFile(wheel, "w") as archive:
        archive.writestr("thing.py", "")
        archive.writestr("thing-1.0.dist-info/METADATA", "Metadata-Version: 2.1\nName: thing\nVersion: 1.0\n")
        archive.writestr("thing-1.0.dist-info/WHEEL", "Wheel-Version: 1.0\nTag: py3-none-any\n")
        archive.writestr("thing-1.0.dist-info/RECORD", "")
    sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
    (project / "requirements/run.txt").write_text(f"thing==1.0 --hash=sha256:{sha256}\n")
    return project


def install_thing(project: Path, **settings: str) -> subprocess.CompletedProcess[str]:
    return install(project, PIP_NO_INDEX="1", PIP_FIND_LINKS=str(project / "wheels"), **settings)


def has_thing(project: Path) -> bool:
    return bool([*(project / ".venv").glob("lib/python*/site-packages/thing.py")])


def test_no_variable_makes_an_installation_put_nothing_into_its_environment(with_a_package: Path) -> None:
    elsewhere = str(with_a_package / "elsewhere")
    Path(elsewhere, "requirements").mkdir(parents=True)
    done = install_thing(
        with_a_package,
        PIP_DRY_RUN="1",
        PIP_ROOT=elsewhere,
        PIP_TARGET=elsewhere,
        PIP_PYTHON="/missing/python",
        PIP_REQUIREMENT="/missing/lock.txt",
        CDPATH=elsewhere,
    )
    assert (done.returncode, has_thing(with_a_package)) == (0, True)


def test_a_package_that_lands_elsewhere_is_missed(with_a_package: Path) -> None:
    """A target folder in a file of settings is followed by pip, which then ends well."""
    settings = with_a_package / "pip.conf"
    settings.write_text(f"[install]\ntarget = {with_a_package / 'elsewhere'}\n")
    done = install_thing(with_a_package, PIP_CONFIG_FILE=str(settings))
    assert (done.returncode, has_thing(with_a_package)) == (1, False)
    assert ".venv is not whole (not installed: thing). " in done.stderr
    # Had the first run called the environment whole, this one would do nothing.
    assert install_thing(with_a_package).returncode == 0
    assert has_thing(with_a_package)


def test_two_installations_at_once_end_with_a_whole_environment(with_a_package: Path) -> None:
    with ThreadPoolExecutor() as pool:
        both = [pool.submit(install_thing, with_a_package) for _ in range(2)]
    assert [each.result().returncode for each in both] == [0, 0]
    assert "waiting for it" in "".join(each.result().stdout for each in both)
    assert has_thing(with_a_package)


def test_the_development_set_stays_when_the_demo_is_run_next(installed: Path) -> None:
    assert "requirements/dev.txt" in install(installed, "dev").stdout
    assert install(installed, "run").stdout == ""
    assert (installed / ".venv/.installed").read_text().splitlines()[-1].startswith("dev ")


def cut_short(venv: Path) -> None:
    (venv / ".installed").unlink()
    shutil.rmtree(next(venv.glob("lib/python*/site-packages/pip")))


def python_gone(venv: Path) -> None:
    for link in venv.glob("bin/python*"):
        link.unlink()
        link.symlink_to("/nowhere/python3")


def system_upgraded(venv: Path) -> None:
    """A newer interpreter, which looks for its packages in a folder without any."""
    next(venv.glob("lib/python*")).rename(venv / "lib/python3.0")


@pytest.mark.parametrize("damage", [cut_short, python_gone, system_upgraded])
def test_a_damaged_environment_is_made_anew(installed: Path, damage: Callable[[Path], None]) -> None:
    damage(installed / ".venv")
    assert install(installed).returncode == 0
    assert works(installed)


def test_a_moved_project_gets_an_environment_of_its_own(installed: Path) -> None:
    moved = installed.rename(installed.with_name("elsewhere"))
    try:
        assert install(moved).returncode == 0
        assert str(moved) in (moved / ".venv/bin/pip").read_text().splitlines()[0]
    finally:
        moved.rename(installed)


def test_it_tries_the_pythons_that_the_project_is_for() -> None:
    script = SCRIPT.read_text()
    pythons = SpecifierSet(tomllib.loads(Path("pyproject.toml").read_text())["project"]["requires-python"])
    tried = {
        f"3.{minor}" for minor in re.findall(r"python3\.(\d+)(?=[ }])", script.split("choose_python", 2)[1])
    }
    assert tried == {f"3.{minor}" for minor in range(40) if f"3.{minor}" in pythons}
    low, high = re.search(r"\(3, (\d+)\) <= sys.version_info < \(3, (\d+)\)", script).groups()
    assert str(pythons) in (f">=3.{low},<3.{high}", f"<3.{high},>=3.{low}")
