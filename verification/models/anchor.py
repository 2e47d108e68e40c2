"""What lies outside of the trail's checkpoints: where each place stands, and what others have said of a checkpoint."""

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.outgoing import Outgoing
from verification.models.trail import Checkpoint


class TrailAnchor(Outgoing):
    """One place outside to which checkpoints go. Only the newest one is on its way; `due_at` is since when it is.

    `size` and `sent_at` are of the checkpoint that it took last. `verdict` is of the last time it was asked for its
    newest one, at `asked_at`; `found` is that one if it contradicts the log, as a signed note, or its size alone.
    """

    class Verdict(models.TextChoices):
        AGREES = "agrees", _("agrees with the log")
        CONTRADICTS = "contradicts", _("contradicts the log")
        UNREADABLE = "unreadable", _("has what is no checkpoint of the log")
        AWAY = "away", _("did not answer")

    address = models.CharField(_("place"), max_length=500, unique=True)
    size = models.BigIntegerField(_("entries"), default=0)
    verdict = models.CharField(_("verdict"), max_length=12, choices=Verdict.choices, blank=True)
    asked_at = models.DateTimeField(_("asked at"), null=True)
    found = models.TextField(_("found"), blank=True)

    class Meta:
        verbose_name = _("anchor of the trail")
        verbose_name_plural = _("anchors of the trail")

    def __str__(self) -> str:
        return self.short

    @property
    def short(self) -> str:
        """The place as people call it: without the key and the options behind the address."""
        return self.address.partition("#")[0].partition("?")[0]


class Attestation(models.Model):
    """What somebody outside signed about a checkpoint, checked when it came: a witness's signature line, or the token
    of a time-stamp authority in Base64. `at` is the time that it states."""

    class Kind(models.TextChoices):
        COSIGNATURE = "cosignature", _("cosignature of a witness")
        TIMESTAMP = "timestamp", _("time stamp")

    checkpoint = models.ForeignKey(
        Checkpoint, models.PROTECT, related_name="attestations", verbose_name=_("checkpoint")
    )
    kind = models.CharField(_("kind"), max_length=12, choices=Kind.choices)
    by = models.CharField(_("by"), max_length=500)
    content = models.TextField(_("content"))
    at = models.DateTimeField(_("at"))

    class Meta:
        verbose_name = _("attestation of a checkpoint")
        verbose_name_plural = _("attestations of checkpoints")
        ordering = ["checkpoint", "pk"]
        constraints = [models.UniqueConstraint(fields=["checkpoint", "kind", "by"], name="attestation_once")]

    def __str__(self) -> str:
        return f"{self.kind} by {self.by}"
