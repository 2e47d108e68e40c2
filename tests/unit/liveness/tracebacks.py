"""The variables that a tool which logs tracebacks with variables would see."""

import traceback


def variables_of(error: BaseException) -> str:
    """The variables of all frames of the vendor edge, over the whole chain of causes and contexts, as text."""
    lines, seen = [], set()
    waiting: list[BaseException | None] = [error]
    while waiting:
        link = waiting.pop()
        if link is None or id(link) in seen:
            continue
        seen.add(id(link))
        waiting += [link.__cause__, link.__context__]
        frames = traceback.StackSummary.extract(traceback.walk_tb(link.__traceback__), capture_locals=True)
        lines += [f"{frame.name}: {frame.locals}" for frame in frames if "/tests/" not in frame.filename]
    return "\n".join(lines)
