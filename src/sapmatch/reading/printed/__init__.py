"""Printed pages, seen by an OCR service or a text layer, to the canonical invoice."""
