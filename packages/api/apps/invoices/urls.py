from django.urls import path

from apps.invoices import views
from contract.routing import command, nested, resource

routes = [
    resource("products", views.ProductViewSet),
    resource("invoices", views.InvoiceViewSet),
    resource("credit-notes", views.CreditNoteViewSet),
    nested("customers/invoices", views.InvoicesOfCustomer),
    nested("invoices/credit-notes", views.CreditNotesOfInvoice),
    command("invoices/finalize", views.FinalizeView),
    command("invoices/pay", views.PayView),
    command("invoices/void", views.VoidView),
    command("invoices/mark-uncollectible", views.MarkUncollectibleView),
    path("invoices/<str:id>/html/", views.PrintView.as_view(), name="invoices-html"),
    path("billing/summary/", views.BillingSummaryView.as_view(), name="billing-summary"),
]
