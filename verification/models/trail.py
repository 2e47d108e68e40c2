"""The sealed trail: which place each event has in the log, the log's hashes, and the checkpoints that were signed.

All of it is made by `audit.sealing` alone, from the events; the database refuses to change or delete it.
"""

from django.db import models
from django.utils.translation import gettext_lazy as _


class TrailHead(models.Model):
    """How far the trail is sealed: one row, which the sealer locks. Where it is missing, nothing was sealed yet."""

    ONLY = 1

    size = models.BigIntegerField(default=0)
    # The highest id of an event that was sealed. A lower one is sealed too, or its id lies in a TrailGap.
    watermark = models.BigIntegerField(default=0)
    gaps_read_at = models.DateTimeField(null=True)


class TrailGap(models.Model):
    """Ids of events that were missing when later ones were sealed: rolled back, or of a transaction that commits late.

    It is kept for good, because no moment is late enough to be sure.
    """

    first = models.BigIntegerField()
    last = models.BigIntegerField()
    noticed_at = models.DateTimeField(db_index=True)


class LogRun(models.Model):
    """Events with consecutive ids that have consecutive places in the log. No two runs share an event or a place."""

    first_index = models.BigIntegerField(primary_key=True)
    first_event = models.BigIntegerField(unique=True)
    count = models.BigIntegerField()


class LogTile(models.Model):
    """Up to 256 hashes of the log's tree, side by side, as C2SP tlog-tiles has them. The last of a level grows."""

    level = models.SmallIntegerField()
    index = models.BigIntegerField()
    hashes = models.BinaryField()

    class Meta:
        constraints = [models.UniqueConstraint(fields=["level", "index"], name="logtile_once")]


class Checkpoint(models.Model):
    """The log's size and root at a moment, signed. `note` is the signed note as it is published."""

    size = models.BigIntegerField(_("entries"), primary_key=True)
    root = models.CharField(_("root"), max_length=64)  # SHA-256, hex
    note = models.TextField(_("note"))
    signed_at = models.DateTimeField(_("signed"), db_index=True)

    class Meta:
        verbose_name = _("checkpoint")
        verbose_name_plural = _("checkpoints")
        ordering = ["-size"]

    def __str__(self) -> str:
        return f"{self.size} entries, {self.root[:12]}…"


class TrailKey(models.Model):
    """A public key that signed checkpoints, from the log's size `since` on. The first one vouches for itself.

    `introduction` is a signed note of the key before it, on this one.
    """

    vkey = models.CharField(_("public key"), max_length=400, unique=True)
    since = models.BigIntegerField(_("from entry"))
    introduction = models.TextField(_("introduction"), blank=True)
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("key of the trail")
        verbose_name_plural = _("keys of the trail")
        ordering = ["since", "pk"]

    def __str__(self) -> str:
        return self.vkey


class AuditSalt(models.Model):
    """What opens one commitment of an event: without it, nobody can find out by trying what the value was.

    It is deleted when the person's data are, and the commitment then says nothing any more.
    """

    event_id = models.BigIntegerField()
    name = models.CharField(max_length=60, db_index=True)  # of the record, as `audit.facts` says it
    salt = models.CharField(max_length=64)  # 32 random bytes, hex

    class Meta:
        constraints = [models.UniqueConstraint(fields=["event_id", "name"], name="auditsalt_once")]
