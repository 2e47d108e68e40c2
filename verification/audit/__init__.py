"""The audit trail. `record` and `record_all` are the only creators of events."""

from verification.audit.commitments import forget
from verification.audit.events import By, event, record, record_all

__all__ = ["By", "event", "forget", "record", "record_all"]
