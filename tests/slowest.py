"""`python -m tests.slowest FOLDER`: prints the time of each part of the tests, and the ten slowest tests.

FOLDER contains one report for each part, as `pytest --junitxml` writes it.
"""

import sys
from pathlib import Path
from xml.etree import ElementTree

SHOWN = 10


def main() -> None:
    tests: list[tuple[float, str]] = []
    for report in sorted(Path(sys.argv[1]).glob("*.xml")):
        suite = ElementTree.parse(report).getroot()[0]
        print(f"{_clock(float(suite.attrib['time']))}  {report.stem}: {suite.attrib['tests']} tests")
        tests += [(float(test.attrib["time"]), _name(test, report.stem)) for test in suite.iter("testcase")]
    print(f"The {SHOWN} slowest:")
    for seconds, name in sorted(tests, reverse=True)[:SHOWN]:
        print(f"{seconds:6.1f} s  {name}")


def _clock(seconds: float) -> str:
    return f"{int(seconds) // 60:3d}:{int(seconds) % 60:02d}"


def _name(test: ElementTree.Element, part: str) -> str:
    return f"{part}: {test.attrib['classname'].removeprefix('tests.')} {test.attrib['name']}"


if __name__ == "__main__":
    main()
