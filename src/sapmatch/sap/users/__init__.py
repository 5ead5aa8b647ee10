"""Users and roles of SAP: read with conditions and page by page, changed one at a time."""
