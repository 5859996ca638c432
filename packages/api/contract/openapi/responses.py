"""Every answer that an operation can give, refusals included."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from contract.idempotency import METHODS
from contract.openapi.components import ERRORS, Schema, headers_of, ref

if TYPE_CHECKING:
    from contract.openapi.schema import ContractSchema

ALWAYS = (400, 401, 403, 429, 500, 503)
WRITES = frozenset({"POST", "PUT", "PATCH", "DELETE"})


def of(schema: ContractSchema, operation: Schema) -> Schema:
    """The described answers with their headers, and all refusals by reference, in the order of their status."""
    answers: dict[str, Any] = {
        status: {**answer, "headers": headers_of(*success_headers(schema, status))} if status < "300" else answer
        for status, answer in operation["responses"].items()
    }
    for answer in answers.values():
        answer["description"] = answer.get("description") or "Done."
    if schema.is_single and schema.method == "GET":
        answers["304"] = ref("responses", "NotModified")
    if schema.is_list:
        answers["414"] = ref("responses", "URITooLong")
    for status in errors(schema, operation):
        answers.setdefault(str(status), ref("responses", ERRORS[status][0]))
    return dict(sorted(answers.items()))


def success_headers(schema: ContractSchema, status: str) -> list[str]:
    names = []
    if schema.is_list:
        names.append("Link")
    if status == "201" and schema.action == "create":
        names += ["Location", "ETag"]
    elif schema.is_single and status != "204":
        names.append("ETag")
    if schema.method in METHODS and schema.view.idempotency_policy() != "none":
        names.append("Idempotent-Replayed")
    return names


def errors(schema: ContractSchema, operation: Schema) -> set[int]:
    found = set(ALWAYS)
    # What the path or the body names may not exist.
    if "{" in schema.path or schema.has_own_input:
        found.add(404)
    if schema.method in WRITES:
        found.add(409)
    if schema.is_single and schema.method != "GET":
        found.add(412)
    if schema.method in METHODS:
        found |= {413, 415}
        if schema.view.idempotency_policy() != "none":
            found.add(422)
    return found
