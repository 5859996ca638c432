"""The domains of this product, lowest first: an app may use only the apps above it in this list."""

DOMAINS = [
    "apps.authentication",
    "apps.tenants",
    "apps.customers",
    "apps.invoices",
]
