#!/usr/bin/env python
"""Django's command line. `demo` and `emulator` are the two commands that only the sandbox has."""

import os
import sys

from django.core.management import execute_from_command_line

from kyc_portal import env

SANDBOX_COMMANDS = {"demo", "emulator"}

if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "kyc_portal.settings")
    try:
        if SANDBOX_COMMANDS & set(sys.argv[1:2]):
            env.enter_sandbox()
        execute_from_command_line(sys.argv)
    except env.BadSetting as error:
        sys.exit(f"Settings: {error}")
