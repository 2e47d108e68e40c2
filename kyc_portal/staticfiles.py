"""Static files under hashed names, ES module imports included; one script for each step of the applicant."""

from collections.abc import Iterator
from typing import Any

from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig
from django.contrib.staticfiles.storage import HashedFilesMixin
from django.core.files.base import ContentFile
from whitenoise.storage import CompressedManifestStaticFilesStorage

from kyc_portal.joined_modules import join

# Each is the only script of its page. Two joined scripts in one page would have two copies of what both import.
JOINED: tuple[str, ...] = ("capture/page.js", "document/page.js", "status/page.js")

# Import statements at the start of a line. Django's own pattern also rewrites `import("./x.js")` in the comments
# that give JavaScript its types. There two modules may name each other, and Django then never ends.
_MODULE_IMPORTS = (
    (
        r"""(?m)^(?P<matched>import(?s:(?P<import>[\s\{\*].*?))\s*from\s*["'](?P<url>\.\.?/.*?)["'];)""",
        """import%(import)s from "%(url)s";""",
    ),
)


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Django's app, but it does not collect notes and tests."""

    ignore_patterns = [*DjangoStaticFilesConfig.ignore_patterns, "*.md"]


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites `import … from "./x.js"` to the hashed name, so that modules can be cached for ever."""

    patterns = (*HashedFilesMixin.patterns, ("*.js", _MODULE_IMPORTS))

    def post_process(self, paths: dict[str, Any], dry_run: bool = False, **options: Any) -> Iterator[Any]:
        """`paths` has the storage and the path of each collected file by its name."""
        if not dry_run:
            paths = {**paths, **{name: self._joined(name, paths) for name in JOINED}}
        yield from super().post_process(paths, dry_run=dry_run, **options)

    def _joined(self, entry: str, paths: dict[str, Any]) -> tuple[Any, str]:
        """Replace the collected module by the joined one."""

        def read(name: str) -> str:
            storage, path = paths[name]
            with storage.open(path) as file:
                return str(file.read().decode())

        content = ContentFile(join(entry, read).encode())
        self.delete(entry)
        self.save(entry, content)
        return self, entry
