"""Batch: the rules over a file of debts, in parts, resumable after a stop."""
