"""The script of docs/trail.md that checks one event with a shell and OpenSSL, and the worked example beside it."""

import re
import subprocess
from pathlib import Path

DOCUMENT = Path(__file__).parents[1] / "docs/trail.md"
_SECTION = (
    DOCUMENT.read_text(encoding="utf-8").partition("## One event, checked by hand")[2].partition("\n## ")[0]
)
_BLOCKS = re.findall(r"^```(\w+)\n(.*?)^```$", _SECTION, re.MULTILINE | re.DOTALL)
ENTRY, PROOF, KEY, SCRIPT = (content for _language, content in _BLOCKS)


def check(folder: Path, entry: bytes, proof: str, key: str) -> subprocess.CompletedProcess[str]:
    """Run the script in `folder`, which is empty."""
    for name, content in (("entry", entry), ("proof", proof.encode()), ("by_hand.sh", SCRIPT.encode())):
        (folder / name).write_bytes(content)
    return subprocess.run(
        ["sh", "by_hand.sh", "entry", "proof", key], cwd=folder, capture_output=True, text=True, check=False
    )
