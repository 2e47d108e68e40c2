"""Joining modules: what a module sees is what the browser would have given it, and an unknown form is refused."""

import subprocess
import sys
from pathlib import Path

import pytest

from kyc_portal.joined_modules import CannotJoin, join

NODE = Path(sys.executable).parent / "node"
MODULES = {
    "step/page.js": """// @ts-check
/** Its words. */
import { ready } from "../page.js";
import * as view from "./view.js";
import {
  count as number,
  Fault,
} from "./view.js";

/** @type {number | null} */
let taken = null;
const first = /** @type {number} */ (number);
taken = first + view.count;
try {
  view.fail();
} catch (error) {
  if (error instanceof Fault) ready(`taken ${taken}`);
}
""",
    "step/view.js": """import { ready } from "../page.js";

ready("view");
export const count = 20;
export class Fault extends Error {}
export async function later() {}
export function fail() {
  throw new Fault();
}
""",
    "page.js": """let calls = 0;
/*
 * Counted over all that import it.
 */
export function ready(words) {
  calls += 1;
  console.log(calls, words);
}
""",
}


def test_each_module_runs_once_after_what_it_imports(tmp_path: Path) -> None:
    joined = join("step/page.js", MODULES.__getitem__)
    (tmp_path / "joined.mjs").write_text(joined)
    done = subprocess.run([NODE, tmp_path / "joined.mjs"], capture_output=True, text=True, check=True)
    assert done.stdout == "1 view\n2 taken 40\n"
    assert "its words" not in joined.lower()


@pytest.mark.parametrize(
    "line",
    [
        'import page from "./b.js";',
        'import "./b.js";',
        "export default 1;",
        "export let a = 1;",
        "export { a };",
        "export const { a } = b;",
        'const b = await import("./b.js");',
        "const here = import.meta.url;",
        "const text = `two\n// lines`;",
        'import { missing } from "./b.js";',
        'import { again } from "./a.js";',
    ],
)
def test_another_form_is_refused(line: str) -> None:
    modules = {"a.js": f"{line}\n", "b.js": "export const a = 1;\n"}
    with pytest.raises(CannotJoin, match=r"a\.js"):
        join("a.js", modules.__getitem__)
