"""How one operation is described: the declaration of its view, read once more for people and programs."""

from typing import Any

from drf_spectacular.openapi import AutoSchema
from drf_spectacular.plumbing import ComponentRegistry, ResolvedComponent
from drf_spectacular.utils import Direction

from contract import pagination
from contract.commands import Command, NoInput
from contract.openapi import fields as fields
from contract.openapi import parameters, responses, security, traits, wording
from contract.openapi.components import Schema, parameter, ref, text
from contract.resources import Resource

SINGLE_ACTIONS = ("retrieve", "update", "partial_update", "destroy")


class ContractSchema(AutoSchema):
    """An operation's parameters, bodies and every answer it can give."""

    view: Any

    @property
    def action(self) -> str:
        return getattr(self.view, "action", None) or ""

    @property
    def is_list(self) -> bool:
        return isinstance(self.view, Resource) and self.action == "list"

    @property
    def is_single(self) -> bool:
        """One row, which has an ETag."""
        return isinstance(self.view, Command) or (isinstance(self.view, Resource) and self.action in SINGLE_ACTIONS)

    @property
    def has_own_input(self) -> bool:
        """Whether the body is a wish that a service decides on, not the resource itself."""
        return isinstance(self.view, Resource) and self.action in self.view.input_serializers

    def get_operation(
        self, path: str, path_regex: str, path_prefix: str, method: str, registry: ComponentRegistry
    ) -> Schema | None:
        operation: Schema | None = super().get_operation(path, path_regex, path_prefix, method, registry)
        if operation is None:
            return None
        # The parameters that `@extend_schema` states come first.
        operation["parameters"] = [*operation.get("parameters", []), *parameters.of(self)]
        if self.is_list:
            self.make_page(operation["responses"]["200"])
        operation["responses"] = responses.of(self, operation)
        return operation

    def make_page(self, response: Schema) -> None:
        """The list's rows in the envelope that every list has."""
        content = response["content"]["application/json"]
        rows = {**content["schema"], "maxItems": pagination.MAX_LIMIT}
        name = rows["items"]["$ref"].rpartition("/")[2]
        meta = ref("schemas", "PageMeta" if self.view.counted else "UncountedPageMeta")
        page = {"type": "object", "required": ["data", "meta"], "properties": {"data": rows, "meta": meta}}
        component = ResolvedComponent(  # type: ignore[no-untyped-call]
            name=f"{name}Page", type=ResolvedComponent.SCHEMA, schema=page, object=f"{name}Page"
        )
        self.registry.register_on_missing(component)
        content["schema"] = component.ref

    def get_operation_id(self) -> str:
        """`customers_list`, `invoices_pay`: a command's own verb stands for itself."""
        if self.method == "POST" and not isinstance(self.view, Resource):
            return "_".join(self._tokenize_path()).replace("-", "_")
        return super().get_operation_id()

    def get_summary(self) -> str:
        return wording.summary(self)

    def get_description(self) -> str:  # type: ignore[override]
        return wording.description(self)

    def get_tags(self) -> list[str]:
        return [str(wording.domain_of(self.view).verbose_name)]

    def get_auth(self) -> list[Schema]:
        return security.requirements(self.view)

    def get_filter_backends(self) -> list[Any]:
        return []

    def get_request_serializer(self) -> Any:
        view = self.view
        if isinstance(view, Command):
            return None if view.input_serializer is NoInput else view.input_serializer
        if isinstance(view, Resource):
            return view.input_serializers.get(self.action, view.get_serializer_class())
        return super().get_request_serializer()

    def get_response_serializers(self) -> Any:
        view = self.view
        if isinstance(view, Command):
            return {view.success_status: view.resource.serializer_class}
        if isinstance(view, Resource) and self.action != "destroy":
            return view.get_serializer_class()(many=True) if self.is_list else view.get_serializer_class()
        return super().get_response_serializers()

    def _resolve_path_parameters(self, variables: list[str]) -> list[Schema]:
        columns = parameters.path_columns(self.view, variables)
        return [self.path_parameter(name, column) for name, column in columns]

    def path_parameter(self, name: str, column: Any) -> Schema:
        values = text("^[^/]+$", 200)
        if column is not None:
            values = self._map_model_field(column, "request")  # type: ignore[no-untyped-call]
            values.pop("readOnly", None)
            traits.complete(None, values, column)
        return parameter("path", name, wording.identifier(name), values, required=True)

    def map_field(self, field: Any, direction: Direction, column: Any = None) -> Schema:
        """One serializer field, or one parser of a filter, with all that is known about it."""
        schema: Schema = self._map_serializer_field(field, direction)  # type: ignore[no-untyped-call]
        self._insert_field_validators(field, schema)  # type: ignore[no-untyped-call]
        traits.complete(field, schema, column)
        return schema

    def _map_basic_serializer(self, serializer: Any, direction: Direction) -> Schema:
        schema: Schema = super()._map_basic_serializer(serializer, direction)  # type: ignore[no-untyped-call]
        schema["description"] = wording.shape(type(serializer))
        if alternatives := getattr(serializer, "one_of", ()):
            schema["oneOf"] = [{"required": [name]} for name in alternatives]
        examples = getattr(serializer, "examples", {})
        for name, field in serializer.fields.items():
            if (described := schema["properties"].get(name)) and "$ref" not in described:
                traits.complete(field, described)
                if name in examples:
                    described["example"] = examples[name]
        return schema
