"""A resource is a declaration: a model, a wire shape and three allowlists; the contract does the rest."""

from collections.abc import Mapping, Sequence
from functools import cache, lru_cache
from typing import Any, ClassVar, cast

from django.core.exceptions import ObjectDoesNotExist, ValidationError
from django.db import connection, models
from django.db.models import Q, signals
from django.http import Http404, HttpResponse
from rest_framework import status
from rest_framework.exceptions import APIException
from rest_framework.permissions import SAFE_METHODS
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import BaseSerializer, ModelSerializer
from rest_framework.viewsets import GenericViewSet

from contract import concurrency, cursors, idempotency, pagination, tenancy
from contract.authentication import Principal
from contract.columns import NotCompilable
from contract.endpoints import Endpoint
from contract.filtering import Declaration, FilterFields, SortKey
from contract.inserts import NewRow
from contract.keysets import Keyset
from contract.problems import gather
from contract.reader import Condition, Reader
from contract.rendering import dumps, json_response
from contract.rows import QuerySetRows, Rows

# A resource that overrides one of these says more than its declaration: of a creation, and of reading.
STEPS = ("create", "perform_create", "created", "answer_with", "get_serializer", "get_serializer_class", "owner")
SERIALIZING = ("get_serializer", "get_serializer_class", "get_serializer_context", "serialized", "shown")
HOOKS = ("get_queryset", "filter_queryset", "narrowing", "get_object", *SERIALIZING)


def found_or_404[M: models.Model](queryset: models.QuerySet[M], identifier: Any) -> M:
    """The row with this id; an id of the wrong form is as unknown as any other."""
    try:
        return queryset.get(pk=identifier)
    except (ObjectDoesNotExist, ValidationError, ValueError):
        raise Http404 from None


class Resource[M: models.Model](Endpoint, GenericViewSet[M]):
    """List, create, retrieve, patch and destroy the rows of one model.

    `filter_fields` maps a field to its operators, `filter_aliases` gives plain parameter names to filters,
    `filter_values` gives other spellings of a filter's values; `sort_fields` lists columns (or maps names to
    `SortKey`s), `default_sort` is used when the request names none; `search_fields` are searched by `q`; `counted`
    says whether lists have a total; `owner_field` is the user of a row. `input_serializers` maps an action to the
    shape of its body where that is not the resource's own, `idempotency_by_action` to a policy of its own.
    `parent_field` is the foreign key that a nested list hangs on.
    """

    http_method_names = ["get", "post", "patch", "delete", "head", "options"]
    lookup_field = "pk"
    lookup_url_kwarg = "id"
    filter_fields: ClassVar[FilterFields] = {}
    filter_aliases: ClassVar[Mapping[str, str]] = {}
    sort_fields: ClassVar[Sequence[str] | Mapping[str, SortKey]] = ("created_at",)
    default_sort: ClassVar[str] = "-created_at"
    search_fields: ClassVar[Sequence[str]] = ()
    counted: ClassVar[bool] = True
    owner_field: ClassVar[str] = "user"
    idempotency_by_action: ClassVar[Mapping[str, str]] = {}
    filter_values: ClassVar[Mapping[str, Mapping[str, str]]] = {}
    input_serializers: ClassVar[Mapping[str, type[BaseSerializer[Any]]]] = {}
    parent_field: ClassVar[str | None] = None
    parent_url_kwarg: ClassVar[str] = "parent_id"

    @property
    def declaration(self) -> Declaration:
        """What lists of this resource accept."""
        return declaration_of(type(self))

    @property
    def reader(self) -> Reader | None:
        """Reads rows by compiled statements, None where the ORM has to."""
        found = reader_of(type(self))
        return found if isinstance(found, Reader) else None

    @property
    def model(self) -> type[M]:
        return cast(type[M], cast(Any, self).queryset.model)

    def get_queryset(self) -> models.QuerySet[M]:
        """The rows that this principal may see: the tenant's (by the manager), the owner's, or everyone's."""
        return super().get_queryset().filter(*map(Q, self.narrowing()))

    def narrowing(self) -> list[Condition]:
        """What makes rows this principal's own, or this parent's, besides the tenant."""
        conditions: list[Condition] = []
        if self.tenancy == "owner":
            conditions.append((f"{self.owner_field}__exact", self.request.user.pk))
        if self.parent_field:
            conditions.append((f"{self.parent_field}__exact", self.get_parent().pk))
        return conditions

    def get_parent(self) -> models.Model:
        """The row that a nested list hangs on, locked when the list is about to change."""
        parent: Any = self.model._meta.get_field(str(self.parent_field)).related_model
        rows = parent._default_manager.all()
        if self.request.method not in SAFE_METHODS:
            rows = rows.select_for_update(of=("self",))
        return cast(models.Model, found_or_404(rows, self.kwargs[self.parent_url_kwarg]))

    def get_object(self) -> M:
        """The row, locked when it is about to change."""
        queryset = self.get_queryset()
        if self.request.method not in SAFE_METHODS:
            queryset = queryset.select_for_update(of=("self",))
        return found_or_404(queryset, self.kwargs[self.lookup_url_kwarg])

    def allowed_parameters(self) -> Sequence[str]:
        if getattr(self, "action", None) != "list":
            return self.query_parameters
        search = ("q",) if self.search_fields else ()
        return (*self.query_parameters, *pagination.PARAMETERS, *search, *self.declaration.filter_parameters)

    def idempotency_policy(self) -> str:
        return self.idempotency_by_action.get(self.action or "", self.idempotency)

    def check_query(self, request: Request) -> None:
        """A list's parameters are checked where their values are read, so that all faults are named at once."""
        if self.action != "list":
            super().check_query(request)

    def list(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        query, bound_to = request.query_params, self.binding(request)
        _, keyset, conditions, search, limit, cursor = gather(
            lambda: super(Resource, self).check_query(request),
            lambda: keyset_of(type(self), query.get("sort", self.default_sort)),
            lambda: self.declaration.conditions(query),
            lambda: self.declaration.search(query),
            lambda: pagination.read_limit(query),
            lambda: pagination.read_cursor(query, bound_to),
        )
        rows = self.rows(keyset, conditions, search)
        page = pagination.paginate(rows, limit, cursor, bound_to, self.counted)
        body = dumps({"data": rows.represent(page.rows), "meta": page.meta(self.counted)})
        links = pagination.links(request, page)
        return json_response(body, {"Link": links} if links else {})

    def rows(self, keyset: Keyset, conditions: Sequence[Condition], search: Q) -> Rows:
        """What the page is cut from. A search has a plan of its own for each text, so the ORM makes it."""
        if self.reader and not search:
            return self.reader.rows([*self.narrowing(), *conditions], keyset)
        found = self.filter_queryset(self.get_queryset()).filter(*map(Q, conditions), search)
        return QuerySetRows(found, keyset, self.serialized)

    def serialized(self, rows: Sequence[M]) -> Any:
        return self.get_serializer(rows, many=True).data

    def binding(self, request: Request) -> str:
        """What a cursor of this list is good for: this resource, these filters, this order, these rows' owner."""
        query = {name: value for name, value in request.query_params.items() if name not in ("cursor", "limit")}
        principal = request.auth
        owner = principal.id if self.tenancy == "owner" and isinstance(principal, Principal) else None
        order = query.get("sort", self.default_sort)
        tenant = tenancy.current().tenant
        resource = f"{type(self).__module__}.{type(self).__qualname__}"
        return cursors.binding(resource, self.kwargs, sorted(query.items()), order, tenant, owner)

    def at_once(self, request: Request, key: str) -> HttpResponse | None:
        """A creation that is one row and nothing more, for the first time and without a fault."""
        if self.action != "create" or not is_one_row(type(self)):
            return None
        # Outside of `try`: DRF raises for a body that can't be read once, and takes it for an empty one from then on.
        serializer = self.get_input_serializer(data=request.data)
        try:
            serializer.is_valid(raise_exception=True)
        except APIException:
            return None
        instance = self.model(**serializer.validated_data, **self.owner())
        row = NewRow.of(instance)
        if row.has_expression:
            return None
        response = self.answer(self.created(instance))
        return response if idempotency.keep_with(row, request, key, response) else None

    def create(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        serializer = self.get_input_serializer(data=request.data)
        serializer.is_valid(raise_exception=True)
        return self.created(self.perform_create(serializer))

    def created(self, instance: M) -> HttpResponse:
        return self.answer_with(instance, {"Location": self.location(instance)}, status.HTTP_201_CREATED)

    def get_input_serializer(self, *args: Any, **kwargs: Any) -> BaseSerializer[Any]:
        """The serializer of the body: the resource's own, or what `input_serializers` says for the action."""
        serializer_class = self.input_serializers.get(self.action or "", self.get_serializer_class())
        return serializer_class(*args, context=self.get_serializer_context(), **kwargs)

    def retrieve(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        body = dumps(self.representation())
        tag = concurrency.etag_of(body)
        if concurrency.is_unchanged(request, tag):
            return concurrency.not_modified(tag)
        return json_response(body, {"ETag": tag})

    def representation(self) -> Any:
        """The row that the URL names, as the renderer takes it."""
        if self.reader is None:
            return self.shown(self.get_object())
        found = self.reader.find([*self.narrowing(), ("pk__exact", self.identifier())])
        if found is None:
            raise Http404
        return found

    def identifier(self) -> Any:
        """The id in the URL; one of the wrong form is as unknown as any other."""
        key = cast(Any, self.model._meta.pk)
        try:
            return key.clean(self.kwargs[self.lookup_url_kwarg], None)
        except (ValidationError, ValueError):
            raise Http404 from None

    def update(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.change(request, partial=False)

    def partial_update(self, request: Request, *args: Any, **kwargs: Any) -> HttpResponse:
        return self.change(request, partial=True)

    def change(self, request: Request, *, partial: bool) -> HttpResponse:
        instance = self.get_object()
        self.require_match(request, instance)
        serializer = self.get_input_serializer(instance, data=request.data, partial=partial)
        serializer.is_valid(raise_exception=True)
        changed = self.perform_update(serializer)
        # What was prefetched with the row is the state of before.
        vars(changed).pop("_prefetched_objects_cache", None)
        return self.answer_with(changed)

    def answer_with(self, instance: M, headers: Mapping[str, str] | None = None, status: int = 200) -> HttpResponse:
        """The row after a write, with its ETag."""
        body = dumps(self.shown(instance))
        return json_response(body, {"ETag": concurrency.etag_of(body), **(headers or {})}, status)

    def destroy(self, request: Request, *args: Any, **kwargs: Any) -> Response:
        instance = self.get_object()
        self.require_match(request, instance)
        self.perform_destroy(instance)
        return Response(status=status.HTTP_204_NO_CONTENT)

    def require_match(self, request: Request, instance: M) -> None:
        if "If-Match" in request.headers:
            concurrency.require_match(request, self.shown(instance))

    def shown(self, instance: M) -> Any:
        """A row as the renderer takes it."""
        return self.reader.shown(instance) if self.reader else self.get_serializer(instance).data

    def perform_create(self, serializer: Any) -> M:
        """The new row. Override with one service call where creating has rules."""
        return cast(M, serializer.save(**self.owner()))

    def owner(self) -> dict[str, Any]:
        """Whose a new row is, besides the tenant's."""
        return {self.owner_field: self.request.user} if self.tenancy == "owner" else {}

    def perform_update(self, serializer: Any) -> M:
        """The changed row. Override with one service call where changing has rules."""
        return cast(M, serializer.save())

    def perform_destroy(self, instance: M) -> None:
        """Override with one service call where deleting has rules."""
        instance.delete()

    def location(self, instance: Any) -> str:
        """The new resource's address, below the list it was posted to."""
        return f"{self.request._request.path_info}{instance.pk}/"


@cache
def declaration_of(resource: type[Resource[Any]]) -> Declaration:
    sort_fields = resource.sort_fields
    if not isinstance(sort_fields, Mapping):
        sort_fields = {name: SortKey(name) for name in sort_fields}
    return Declaration(
        cast(Any, resource).queryset.model,
        resource.filter_fields,
        sort_fields,
        resource.filter_aliases,
        resource.filter_values,
        resource.search_fields,
    )


@lru_cache(maxsize=1000)
def keyset_of(resource: type[Resource[Any]], order: str) -> Keyset:
    """The order that `sort` asks for. Raises `InvalidQuery`."""
    declaration = declaration_of(resource)
    return Keyset(declaration.model, declaration.sort(order))


@cache
def reader_of(resource: type[Resource[Any]]) -> Reader | NotCompilable:
    """The compiled reader of a resource, or the reason why it has none."""
    hooks = [hook for hook in HOOKS if getattr(resource, hook) is not getattr(Resource, hook)]
    if hooks:
        return NotCompilable(f"it overrides {', '.join(hooks)}")
    try:
        return Reader(cast(Any, resource).queryset, resource.serializer_class)
    except NotCompilable as reason:
        return reason


def is_one_row(resource: type[Resource[Any]]) -> bool:
    """Whether a creation stores what was declared and does nothing else: no step is overridden, and nobody listens."""
    model = cast(Any, resource).queryset.model
    listened = any(signal.has_listeners(model) for signal in (signals.pre_save, signals.post_save))
    return _creates_as_declared(resource) and not listened


@cache
def _creates_as_declared(resource: type[Resource[Any]]) -> bool:
    serializer, model = cast(Any, resource).serializer_class, cast(Any, resource).queryset.model
    is_declared = all(getattr(resource, step) is getattr(Resource, step) for step in STEPS)
    is_saved_plainly = serializer.save is BaseSerializer.save and serializer.create is ModelSerializer.create
    is_one_table = not (model._meta.db_returning_fields or model._meta.many_to_many or model._meta.parents)
    return (
        connection.vendor == "postgresql"
        and is_declared
        and is_saved_plainly
        and is_one_table
        and model.save is models.Model.save
        and resource.atomic
        and "create" not in resource.input_serializers
    )
