"""The audit trail. `record` is the only creator of events."""

from verification.audit.events import By, record

__all__ = ["By", "record"]
