"""How one operation is described."""

from drf_spectacular.openapi import AutoSchema


class ContractSchema(AutoSchema):
    """An operation's parameters, bodies and every answer it can give."""
