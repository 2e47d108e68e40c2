"""The fields of each request, read strictly, and of each answer. It knows no rule of a case."""

from collections.abc import Callable
from typing import Any

from drf_spectacular.utils import extend_schema_serializer
from rest_framework import serializers

from verification import validators
from verification.actions.invite import Invitation
from verification.api.errors import CODES, ApiError
from verification.states import AttemptStatus, Mode, Outcome, Status

CANCEL_REASONS = ("no_longer_needed", "created_by_mistake", "applicant_withdrew", "fraud_suspected")


class Text(serializers.CharField):
    """A JSON string, and no value that the framework would convert to one."""

    def run_validation(self, data: Any = serializers.empty) -> Any:
        if data is not serializers.empty and not isinstance(data, str):
            raise serializers.ValidationError(code="invalid_type", detail="")
        return self.fit(data) if data is not serializers.empty else super().run_validation(data)

    def fit(self, text: str) -> str:
        """The text as it is stored; ValidationError with a code if it can't be used."""
        raise NotImplementedError


class PersonName(Text):
    def fit(self, text: str) -> str:
        return _fit(validators.person_name, text)


class Reference(Text):
    def fit(self, text: str) -> str:
        return _fit(validators.reference, text)


class Email(Text):
    def fit(self, text: str) -> str:
        return _fit(validators.email, text)


class Locale(Text):
    def fit(self, text: str) -> str:
        return validators.locale(text)


class Choice(serializers.ChoiceField):
    """One of its values exactly as written; the framework's own would take `1` for `"1"`."""

    def to_internal_value(self, data: Any) -> Any:
        if not isinstance(data, str):
            raise serializers.ValidationError(code="invalid_type", detail="")
        if data not in self.choices:
            raise serializers.ValidationError(code="invalid_choice", detail="")
        return data


class StrictSerializer(serializers.Serializer[Any]):
    """Refuses unknown fields, and reports one fault: malformed values (400) before unfit ones (422)."""

    def read(self) -> dict[str, Any]:
        unknown = set(self.initial_data) - set(self.fields)
        if unknown:
            raise ApiError("unknown_field")
        if self.is_valid():
            return dict(self.validated_data)
        refusals = [_refusal(field, details[0].code) for field, details in self.errors.items()]
        raise min(refusals, key=lambda refusal: refusal.status)


class NewVerification(StrictSerializer):
    """The person to be verified. A field that is not listed here is refused."""

    reference = Reference(
        max_length=validators.MAX_LENGTH, help_text="Your own id of the person. Reviewers see it."
    )
    name = PersonName(max_length=validators.MAX_LENGTH, help_text="The person's name as on the ID document.")
    email = Email(max_length=validators.MAX_EMAIL, required=False, help_text="The person's e-mail address.")
    locale = Locale(required=False, help_text="Language of the pages; an unknown one becomes the default.")
    mode = Choice(
        choices=Mode.choices,
        required=False,
        help_text="`ACTION` asks for movements, `SILENT` for holding still. Left out, policy decides.",
    )


class Cancellation(StrictSerializer):
    """Why a verification is called off."""

    reason = Choice(choices=CANCEL_REASONS, help_text="Why the verification is no longer wanted.")


class BlankIsNull(serializers.CharField):
    """A field without a value is null in the answer, never an empty text."""

    def __init__(self, **kwargs: Any) -> None:
        super().__init__(allow_null=True, **kwargs)

    def to_representation(self, value: Any) -> Any:
        return value or None


@extend_schema_serializer(component_name="Applicant")
class ApplicantOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    reference = serializers.CharField()


@extend_schema_serializer(component_name="Attempt")
class AttemptOut(serializers.Serializer[Any]):
    number = serializers.IntegerField()
    status = serializers.ChoiceField(choices=AttemptStatus.choices)
    mode = serializers.ChoiceField(choices=Mode.choices)
    outcome = BlankIsNull(help_text=f"Once finished, one of: {', '.join(Outcome.values)}.")
    similarity = serializers.DecimalField(
        max_digits=5,
        decimal_places=2,
        allow_null=True,
        help_text="`0.00` to `100.00`, as the vendor found it.",
    )
    result_code = BlankIsNull(help_text="The vendor's own word, for your records.")
    submitted_at = serializers.DateTimeField(allow_null=True)
    finished_at = serializers.DateTimeField(allow_null=True)


class _CaseOut(serializers.Serializer[Any]):
    id = serializers.CharField(source="public_id")
    status = serializers.ChoiceField(choices=Status.choices)
    mode = serializers.ChoiceField(choices=Mode.choices)
    reference = serializers.CharField(source="applicant.reference", help_text="Your own id of the person.")
    applicant = ApplicantOut()
    created_at = serializers.DateTimeField()
    link_expires_at = serializers.DateTimeField(help_text="The applicant's link works until then.")


@extend_schema_serializer(component_name="VerificationCreated")
class VerificationCreatedOut(_CaseOut):
    """A new verification, and the link to it."""

    link = serializers.URLField(help_text="The applicant's personal link. It is shown only once.")

    def to_representation(self, instance: Invitation) -> dict[str, Any]:
        return {**_CaseOut(instance.verification).data, "link": instance.link}


@extend_schema_serializer(component_name="Verification")
class VerificationOut(_CaseOut):
    outcome = BlankIsNull(help_text="What the case came to, once decided.")
    reasons = serializers.ListField(child=serializers.CharField(), help_text="Codes of why it came to that.")
    decided_at = serializers.DateTimeField(allow_null=True)
    link_contested_at = serializers.DateTimeField(
        allow_null=True,
        help_text="Since then the link counts as used on too many devices: somebody else may have it, and the person "
        "needs a new one, which our staff makes. Null again with the new link.",
    )
    attempts = AttemptOut(many=True)


class ErrorDetail(serializers.Serializer[Any]):
    code = serializers.ChoiceField(choices=list(CODES), help_text="Stable; act on this.")
    message = serializers.CharField(help_text="A sentence for a person; it may change.")
    field = serializers.CharField(allow_null=True, help_text="The field of the body that it is about.")
    request_id = serializers.CharField(help_text="Tell us this when you ask about the call.")


class Error(serializers.Serializer[Any]):
    error = ErrorDetail()


def _fit(rule: Callable[[str], str], text: str) -> str:
    try:
        return rule(text)
    except validators.UnfitText as unfit:
        code = unfit.code
    raise serializers.ValidationError(code=code, detail="")


def _refusal(field: str, code: str) -> ApiError:
    """The framework's error as one of CODES."""
    own = {"required": f"{field}_required", "null": "invalid_type"}.get(code, code)
    return ApiError(own, field)
