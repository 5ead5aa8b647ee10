"""Tables of SAP that the settings describe, read over function modules."""
