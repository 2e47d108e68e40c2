"""A file of people to invite: read first, and invited once a person has confirmed what was read."""

from functools import partial

from django.db import models
from django.utils.translation import gettext_lazy as _

from verification.models.api_client import ApiClient
from verification.models.data_key import DataKey
from verification.models.ids import new_id
from verification.states import Mode


class FileState(models.TextChoices):
    READ = "read", _("Waits to be confirmed")
    DONE = "done", _("Invited")
    DROPPED = "dropped", _("Dropped")


class InvitationFile(models.Model):
    """A file as it was read: how many lines fit, and what is wrong with the others. `by` is a user name.

    The file itself is encrypted in the store, without a row for any person in it, until `expires_at` at most. `faults`
    has a list for each fault: the line, the column, the code, and the line of the same reference if there is one.
    """

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "inv"))
    by = models.CharField(_("by"), max_length=150)
    client = models.ForeignKey(
        ApiClient, models.PROTECT, null=True, blank=True, related_name="+", verbose_name=_("calling system")
    )
    mode = models.CharField(_("liveness mode"), max_length=8, choices=Mode.choices, blank=True)
    state = models.CharField(_("state"), max_length=10, choices=FileState.choices, default=FileState.READ)
    lines = models.PositiveIntegerField(_("lines"), default=0)
    fit = models.PositiveIntegerField(_("lines that fit"), default=0)
    faults = models.JSONField(_("faults"), default=list)
    data_key = models.OneToOneField(
        DataKey, models.PROTECT, null=True, blank=True, related_name="invitation_file"
    )
    file_name = models.CharField(max_length=120, blank=True)
    file_sha256 = models.CharField(_("SHA-256"), max_length=64, blank=True)
    created_at = models.DateTimeField(_("created at"))
    ended_at = models.DateTimeField(_("ended at"), null=True, blank=True)
    expires_at = models.DateTimeField(_("kept until"))
    # Whether the links go out as messages to those who can be reached; and the last case of which that is queued, until
    # all are.
    by_message = models.BooleanField(_("links by message"), default=False)
    messaged_up_to = models.BigIntegerField(null=True, blank=True)
    links_made_at = models.DateTimeField(_("file of links made at"), null=True, blank=True)

    class Meta:
        verbose_name = _("file of invitations")
        verbose_name_plural = _("files of invitations")
        indexes = [models.Index(fields=["created_at"], name="invitation_file_created")]

    def __str__(self) -> str:
        return self.public_id
