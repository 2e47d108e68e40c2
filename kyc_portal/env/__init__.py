"""The only reader of the process environment.

Every setting is read through a typed reader, whose error names the variable and what to write instead. So a mistake
stops the start-up, and not the first applicant. A secret may come as NAME or as NAME_FILE
(the path of a file that holds it). A `.env` file in the project folder sets variables that are missing from the
environment or empty there. In demo mode an empty variable stays empty.
"""

import os
from pathlib import Path

from kyc_portal.env.addresses import Database, database, objects
from kyc_portal.env.anchors import anchors
from kyc_portal.env.dotenv import DOTENV, PROJECT, load_dotenv
from kyc_portal.env.mail import mail
from kyc_portal.env.names import refuse_unknown
from kyc_portal.env.problems import BadSetting, collect, stop_if_wrong
from kyc_portal.env.readers import choice, decimal, flag, secret, text, whole, words
from kyc_portal.env.values import secret_files

__all__ = [
    "DOTENV",
    "PROJECT",
    "BadSetting",
    "Database",
    "anchors",
    "choice",
    "collect",
    "database",
    "decimal",
    "enter_sandbox",
    "flag",
    "load_dotenv",
    "mail",
    "objects",
    "present",
    "refuse_unknown",
    "secret",
    "secret_files",
    "stop_if_wrong",
    "text",
    "whole",
    "words",
]


def enter_sandbox(path: Path = DOTENV) -> None:
    """Switch to demo mode, for the sandbox's commands; refused if the settings name another mode."""
    load_dotenv(path)
    if not os.environ.get("KYC_MODE"):
        os.environ["KYC_MODE"] = "demo"
    if os.environ["KYC_MODE"] != "demo":
        raise BadSetting("KYC_MODE is not demo here: this installation has no sandbox. Nothing was done.")


def present(*names: str) -> list[str]:
    """Which of these variables are set, for checks of what libraries read by themselves."""
    return [name for name in names if os.environ.get(name)]
