"""The URLs of the application: the bank's two addresses, the page about a payment, and the mailbox."""

from __future__ import annotations

from django.urls import path

from . import views

app_name = "creance_pay"
urlpatterns = [
    path("notification", views.notification, name="notification"),
    path("return", views.payment_return, name="return"),
    path("result", views.result, name="result"),
    path("mailbox", views.mailbox, name="mailbox"),
    path("mailbox/<int:number>", views.letter, name="letter"),
    path("mailbox/<int:number>/delete", views.delete_letter, name="delete_letter"),
]
