"""The audit trail. `record` is the only creator of events."""

from verification.audit.recording import By, record

__all__ = ["By", "record"]
