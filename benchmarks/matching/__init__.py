"""Matching: generated orders and invoices of which the truth is known, and peers beside us."""
