"""`python -m tests.slowest FOLDER PART…`: prints the time of each part of the tests, and the ten slowest tests.

FOLDER contains one report for each part, as `pytest --junitxml` writes it. A part without a report was not run: with
CI=true that fails, and so does a run without any part.
"""

import os
import sys
from pathlib import Path
from xml.etree import ElementTree

SHOWN = 10


def main() -> None:
    folder, *parts = sys.argv[1:]
    reports = {part: Path(folder, f"{part}.xml") for part in parts}
    missing = [part for part, report in reports.items() if not report.exists()]
    tests: list[tuple[float, str]] = []
    for part in [part for part in parts if part not in missing]:
        suite = ElementTree.parse(reports[part]).getroot()[0]
        print(f"{_clock(float(suite.attrib['time']))}  {part}: {suite.attrib['tests']} tests")
        tests += [(float(test.attrib["time"]), _name(test, part)) for test in suite.iter("testcase")]
    print(f"The {SHOWN} slowest:")
    for seconds, name in sorted(tests, reverse=True)[:SHOWN]:
        print(f"{seconds:6.1f} s  {name}")
    if missing:
        print(f"Not run: {', '.join(missing)}.")
    if not tests or (missing and os.environ.get("CI") == "true"):
        sys.exit(1)


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:3d}:{int(seconds) % 60:02d}"


def _name(test: ElementTree.Element, part: str) -> str:
    return f"{part}: {test.attrib['classname'].removeprefix('tests.')} {test.attrib['name']}"


if __name__ == "__main__":
    main()
