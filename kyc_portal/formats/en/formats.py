"""Dates and times as all pages say them: days before months in words, 24 hours, to the second."""

DATE_FORMAT = SHORT_DATE_FORMAT = "j M Y"
TIME_FORMAT = "H:i:s"
DATETIME_FORMAT = SHORT_DATETIME_FORMAT = r"j M Y H:i:s \U\T\C"
