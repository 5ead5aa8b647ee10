"""E-invoices: UBL, CII, and the XML inside a PDF, to the canonical invoice."""
