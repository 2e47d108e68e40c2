"""Reads a PDF with programs that are not ours: Poppler's and qpdf."""

import subprocess
import tempfile


def text_of(pdf: bytes) -> str:
    """The words on the pages, on one line, without the places where a line may be broken."""
    read = ["pdftotext", "-raw", "-", "-"]
    done = subprocess.run(read, input=pdf, capture_output=True, check=True)
    return " ".join(done.stdout.decode().replace("\u200b", "").split())


def pages_of(pdf: bytes) -> int:
    done = subprocess.run(["pdfinfo", "-"], input=pdf, capture_output=True, check=True)
    lines = dict(line.split(":", 1) for line in done.stdout.decode().splitlines() if ":" in line)
    return int(lines["Pages"])


def is_sound(pdf: bytes) -> bool:
    with tempfile.NamedTemporaryFile(suffix=".pdf") as file:
        file.write(pdf)
        file.flush()
        return subprocess.run(["qpdf", "--check", file.name], capture_output=True).returncode == 0
