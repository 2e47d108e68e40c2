"""The calls of version 1. Each reads its body, calls one action and shows the record; it holds no rule."""

from typing import Any

from django.db.models import QuerySet
from django.http import Http404
from django.utils import timezone
from django.utils.decorators import method_decorator
from drf_spectacular.utils import extend_schema
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from verification import audit, workflow
from verification.actions.cancel import cancel
from verification.actions.invite import DuplicateReference, invite
from verification.api import schema
from verification.api.errors import ApiError
from verification.api.serializers import (
    Cancellation,
    NewVerification,
    StrictSerializer,
    VerificationCreatedOut,
    VerificationOut,
)
from verification.invitations.case import PolicyNotAdopted
from verification.models import ApiClient, Verification
from verification.slow_clients import reads_body_itself

WRITE, READ = "verifications:write", "verifications:read"


@method_decorator(reads_body_itself, name="dispatch")
class ApiView(APIView):
    scopes: dict[str, str] = {}

    @property
    def client(self) -> ApiClient:
        return self.request.user  # type: ignore[return-value]

    def own(self) -> QuerySet[Verification]:
        """The verifications of this client. Those of others are answered as if they did not exist."""
        cases = Verification.objects.select_related("applicant", "policy").prefetch_related("attempts")
        return cases.filter(client=self.client)

    def find(self, verification_id: str) -> Verification:
        found = self.own().filter(public_id=verification_id).first()
        if found is None:
            raise Http404
        return found

    def body(self, serializer: type[StrictSerializer]) -> dict[str, Any]:
        # The framework takes a missing body for an empty object and does not call the parser.
        if not self.request.headers.get("Content-Length", "").strip("0"):
            raise ApiError("invalid_body")
        return serializer(data=self.request.data).read()


class Verifications(ApiView):
    http_method_names = ["post"]
    scopes = {"POST": WRITE}

    @extend_schema(**schema.CREATE)
    def post(self, request: Request) -> Response:
        wanted = self.body(NewVerification)
        try:
            invitation = invite(
                **wanted, by=audit.By.client(self.client.public_id), now=timezone.now(), client=self.client
            )
        except PolicyNotAdopted:
            raise ApiError("policy_not_adopted") from None
        except DuplicateReference:
            raise ApiError("duplicate_reference", "reference") from None
        return Response(VerificationCreatedOut(invitation).data, status=201)


class VerificationDetail(ApiView):
    http_method_names = ["get", "head"]
    scopes = {"GET": READ, "HEAD": READ}

    @extend_schema(**schema.READ)
    def get(self, request: Request, verification_id: str) -> Response:
        return Response(VerificationOut(self.find(verification_id)).data)


class VerificationCancel(ApiView):
    http_method_names = ["post"]
    scopes = {"POST": WRITE}

    @extend_schema(**schema.CANCEL)
    def post(self, request: Request, verification_id: str) -> Response:
        wanted = self.body(Cancellation)
        verification = self.find(verification_id)
        try:
            cancel(verification, **wanted, by=audit.By.client(self.client.public_id), now=timezone.now())
        except workflow.IllegalMove:
            raise ApiError("invalid_state") from None
        except workflow.StaleVerification:
            raise ApiError("conflict") from None
        return Response(VerificationOut(self.find(verification_id)).data)
