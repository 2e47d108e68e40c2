"""docs/export_columns.md: every column of an export, with its type, unit, sensitivity and meaning."""

from verification.exports.period import guide, rows
from verification.management.documents.note import NOTE

_HEAD = f"""{NOTE}

# Columns of an export

Each export has the same as `DATA_DICTIONARY.md` and, for programs, as `data_dictionary.json`. The order of the columns
is part of the format: new ones go to the end."""


def export_columns() -> str:
    return guide.dictionary_in_words(rows.TABLES, _HEAD)
