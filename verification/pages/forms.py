"""The fields of the applicant's forms, without the files."""

from typing import Any

from django import forms

from verification.pages import capture_signals


class ConsentForm(forms.Form):
    """An answer to the consent text; `text_sha256` is the hash of the text that the page showed."""

    answer = forms.ChoiceField(choices=[("agree", "agree"), ("refuse", "refuse")])
    text_sha256 = forms.CharField(max_length=64)
    agree = forms.BooleanField(required=False)

    def clean(self) -> None:
        if self.cleaned_data.get("answer") == "agree" and not self.cleaned_data.get("agree"):
            self.add_error("agree", "required")


class RecordingForm(forms.Form):
    """The challenge that a recording answers, and the browser's report on it (JSON for `capture_signals`)."""

    attempt = forms.CharField(max_length=40)
    nonce = forms.CharField(max_length=64)
    signals = forms.CharField(required=False, max_length=20_000)

    def clean_signals(self) -> dict[str, Any]:
        try:
            return capture_signals.read(self.cleaned_data["signals"])
        except capture_signals.UnreadableSignals as error:
            raise forms.ValidationError("unreadable") from error
