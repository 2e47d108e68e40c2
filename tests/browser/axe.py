"""Accessibility checks of a page by axe."""

from axe_core_python.base import AXE_SCRIPT
from playwright.sync_api import Page

RUN = """async (within) => {
  const { violations } = await axe.run(within || document, { resultTypes: ["violations"] });
  return violations.flatMap((fault) => fault.nodes.map((node) => `${fault.id} ${node.html.slice(0, 160)}`));
}"""


def faults(page: Page, within: str = "") -> list[str]:
    """Each element that breaks a rule, on the page or `within` a selector, behind the rule's name."""
    # Ends colour transitions: axe would measure the contrast of a colour half-way.
    page.emulate_media(reduced_motion="reduce")
    if not page.evaluate("'axe' in window"):
        page.evaluate(AXE_SCRIPT)
    found: list[str] = page.evaluate(RUN, within)
    return found
