"""The published contract: an OpenAPI schema that is generated, complete and checked by outside tools."""
