"""Mapping: which field of SAP gets which value, as expressions that are read once and are total."""
