"""The files of an export: rows, their formats, and the pack. Nothing here knows HTTP or who may export."""
