"""The portal as it would be with each module as a file of its own and no page compressed, for comparison.

As a program it is manage.py; as a configuration of Gunicorn it is the demo's.
"""

import os
import sys

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")

from django.core.management import execute_from_command_line

from kyc_portal import compression, staticfiles
from kyc_portal.sandbox.server import *  # noqa: F403

staticfiles.JOINED = ()
compression.COMPRESSED = frozenset()

if __name__ == "__main__":
    execute_from_command_line(sys.argv)
