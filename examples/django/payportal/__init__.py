"""A portal in Django: sign-in, payment, mailbox, office."""
