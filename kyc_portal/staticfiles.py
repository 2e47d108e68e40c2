"""Static files under hashed names, ES module imports included."""

from django.contrib.staticfiles.apps import StaticFilesConfig as DjangoStaticFilesConfig
from django.contrib.staticfiles.storage import HashedFilesMixin
from whitenoise.storage import CompressedManifestStaticFilesStorage

# Import statements at the start of a line. Django's own pattern also rewrites `import("./x.js")` in the comments
# that give JavaScript its types. There two modules may name each other, and Django then never ends.
_MODULE_IMPORTS = (
    (
        r"""(?m)^(?P<matched>import(?s:(?P<import>[\s\{\*].*?))\s*from\s*["'](?P<url>\./.*?)["'];)""",
        """import%(import)s from "%(url)s";""",
    ),
)


class StaticFilesConfig(DjangoStaticFilesConfig):
    """Django's app, but it does not collect notes and tests."""

    ignore_patterns = [*DjangoStaticFilesConfig.ignore_patterns, "*.md"]


class ModuleManifestStorage(CompressedManifestStaticFilesStorage):  # type: ignore[misc]
    """Rewrites `import … from "./x.js"` to the hashed name, so that modules can be cached for ever."""

    patterns = (*HashedFilesMixin.patterns, ("*.js", _MODULE_IMPORTS))
