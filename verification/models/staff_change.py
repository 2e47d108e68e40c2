"""A change to an account of the staff: proposed by one person, confirmed by another."""

from functools import partial

from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from verification.models.ids import new_id
from verification.models.staff import StaffUser


class ChangeKind(models.TextChoices):
    APPOINT = "appoint", _("Appoint")
    RIGHTS = "rights", _("Change details or rights")
    PASSWORD = "password", _("New first password")
    SECOND_STEP = "second_step", _("Remove the second step")
    VOUCH = "vouch", _("Vouch that it is a person of their own")
    SWITCH_OFF = "switch_off", _("Switch off")


class ChangeState(models.TextChoices):
    OPEN = "open", _("waits")
    DONE = "done", _("in effect")
    STOPPED = "stopped", _("stopped")


class StaffChange(models.Model):
    """`proposed_by` is empty for a command on the server. `alone_until` is set if nobody else could confirm when it was
    proposed: from then on its proposer may put it into effect alone. `target` names the account, or the wanted name."""

    public_id = models.CharField(max_length=40, unique=True, editable=False, default=partial(new_id, "chg"))
    kind = models.CharField(_("change"), max_length=12, choices=ChangeKind.choices)
    state = models.CharField(_("state"), max_length=8, choices=ChangeState.choices, default=ChangeState.OPEN)
    user = models.ForeignKey(StaffUser, models.PROTECT, null=True, related_name="changes")
    target = models.CharField(max_length=450, blank=True, editable=False)
    # A new account: username, groups, first_name, last_name, email. Rights: those that change, and is_active.
    wanted = models.JSONField(_("wanted"), default=dict)
    reason = models.CharField(_("reason"), max_length=200, blank=True)
    proposed_by = models.ForeignKey(StaffUser, models.PROTECT, null=True, related_name="+")
    proposed_at = models.DateTimeField(_("proposed at"), db_index=True)
    alone_until = models.DateTimeField(_("takes effect alone from"), null=True)
    confirmed_by = models.ForeignKey(StaffUser, models.PROTECT, null=True, related_name="+")
    stopped_by = models.ForeignKey(StaffUser, models.PROTECT, null=True, related_name="+")
    ended_at = models.DateTimeField(_("ended at"), null=True)
    handed_out_at = models.DateTimeField(_("password handed out at"), null=True)
    seen_by = models.ManyToManyField(StaffUser, related_name="+")

    class Meta:
        verbose_name = _("change to staff")
        verbose_name_plural = _("changes to staff")
        ordering = ["-proposed_at", "-pk"]
        constraints = [
            models.CheckConstraint(
                name="staff_change_nobody_confirms_their_own",
                condition=Q(confirmed_by__isnull=True)
                | Q(proposed_by__isnull=False) & ~Q(confirmed_by=F("proposed_by")),
            ),
            models.CheckConstraint(
                name="staff_change_takes_two_a_wait_or_the_shell",
                condition=~Q(state="done")
                | Q(confirmed_by__isnull=False)
                | Q(alone_until__isnull=False)
                | Q(proposed_by__isnull=True)
                | Q(kind="switch_off"),
            ),
            models.UniqueConstraint(
                name="staff_change_waits_once", fields=["kind", "target"], condition=Q(state="open")
            ),
        ]

    def __str__(self) -> str:
        return self.public_id

    @property
    def username(self) -> str:
        return self.user.get_username() if self.user else str(self.wanted.get("username", ""))
