#!/usr/bin/env python
"""Django's command line. `demo` and `emulator` are the two commands that only the sandbox has."""

import os
import sys

from django.core.management import execute_from_command_line

SANDBOX_COMMANDS = {"demo", "emulator"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
    if len(sys.argv) > 1 and sys.argv[1] in SANDBOX_COMMANDS:
        os.environ.setdefault("KYC_MODE", "demo")
    execute_from_command_line(sys.argv)
