"""The sentences of the reference: made from docstrings, verbose names and declarations."""

from __future__ import annotations

from importlib import import_module
from inspect import getdoc
from typing import TYPE_CHECKING, Any

from django.apps import AppConfig, apps
from django.db.models import Model
from rest_framework.permissions import SAFE_METHODS

from contract.idempotency import METHODS
from contract.resources import Resource

if TYPE_CHECKING:
    from contract.openapi.schema import ContractSchema

VERBS = {"create": "Create", "retrieve": "Read", "update": "Replace", "partial_update": "Change", "destroy": "Delete"}


def domain_of(view: Any) -> AppConfig:
    """The app that the view belongs to."""
    config = apps.get_containing_app_config(type(view).__module__)
    if config is None:
        raise LookupError(f"{type(view).__name__} belongs to no installed app.")
    return config


def domain_description(config: AppConfig) -> str:
    """What the domain is about: the first paragraph of its models' module."""
    doc = getdoc(import_module(f"{config.name}.models")) if config.models_module else None
    return (doc or str(config.verbose_name)).partition("\n\n")[0].replace("\n", " ")


def summary(schema: ContractSchema) -> str:
    view = schema.view
    if not isinstance(view, Resource):
        return doc_of(schema).partition("\n")[0].partition(". ")[0].rstrip(".")
    noun, nouns = names(view.model)
    if schema.is_list:
        return f"List {nouns}{below(view)}"
    return f"{VERBS[schema.action]} {article(noun)} {noun}{below(view)}"


def below(view: Resource[Any]) -> str:
    if not view.parent_field:
        return ""
    parent: Any = view.model._meta.get_field(view.parent_field).related_model
    return f" of {article(names(parent)[0])} {names(parent)[0]}"


def names(model: type[Model]) -> tuple[str, str]:
    return str(model._meta.verbose_name), str(model._meta.verbose_name_plural)


def article(noun: str) -> str:
    return "an" if noun[0] in "aeiou" else "a"


def description(schema: ContractSchema) -> str:
    sentences = [doc_of(schema)]
    view = schema.view
    if view.scopes:
        action = "read" if schema.method in SAFE_METHODS else "write"
        sentences.append(f"A machine needs the scope `{view.scopes}:{action}`.")
    if schema.method in METHODS:
        sentences.append(f"The body has at most {view.max_body_bytes} bytes.")
    return "\n\n".join(sentences)


def doc_of(schema: ContractSchema) -> str:
    """A resource's own docstring, else the handler's, else the view's."""
    kind = type(schema.view)
    handler = getattr(kind, (schema.method or "").lower(), None)
    own = [kind] if issubclass(kind, Resource) else [handler, kind]
    texts = [each.__doc__ for each in own if each is not None and each.__doc__ is not None]
    if not texts:
        raise LookupError(f"{kind.__name__} needs a docstring: it is the endpoint's page in the API reference.")
    return "\n".join(line.strip() for line in texts[0].strip().splitlines())


def shape(serializer: type[Any]) -> str:
    """A serializer's own docstring, else that of its model."""
    model = getattr(getattr(serializer, "Meta", None), "model", None)
    doc = vars(serializer).get("__doc__") or (model and model.__doc__) or "What is sent or answered."
    return " ".join(str(doc).split())


def identifier(name: str) -> str:
    return "The id of the resource." if name == "id" else f"The id of the {name.removesuffix('_id')} above it."
