"""OData V2 as SAP Gateway speaks it."""
