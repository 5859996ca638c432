"""Commands: `POST /things/<id>/verb/` does one narrow thing to one locked row and answers with the row."""

from collections.abc import Callable
from typing import Any, ClassVar

from django.db.models import Model
from django.http import HttpResponse
from rest_framework import status
from rest_framework.request import Request
from rest_framework.serializers import BaseSerializer

from contract.endpoints import Endpoint
from contract.resources import Resource
from contract.serializers import StrictSerializer


class NoInput(StrictSerializer):
    """A command that takes nothing."""


class Command(Endpoint):
    """A guarded change of one row.

    `resource` says which rows and how they look, `service` is called with the locked row (under the name
    `row_name`) and the validated body, `input_serializer` is the body's shape. If-Match is honoured.
    """

    resource: ClassVar[type[Resource[Any]]]
    service: ClassVar[Callable[..., Model]]
    row_name: ClassVar[str]
    input_serializer: ClassVar[type[BaseSerializer[Any]]] = NoInput
    success_status: ClassVar[int] = status.HTTP_200_OK

    def post(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        rows = self.resource(request=request, kwargs=self.kwargs, action="command", format_kwarg=None)
        row = rows.get_object()
        rows.require_match(request, row)
        serializer = self.input_serializer(data=request.data, context={"request": request})
        serializer.is_valid(raise_exception=True)
        changed = type(self).service(**{self.row_name: row}, **serializer.validated_data)
        return rows.answer_with(changed, status=self.success_status)
