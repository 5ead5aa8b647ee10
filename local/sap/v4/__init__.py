"""OData V4 over the same documents: purchase and sales orders as SAP's V4 Gateway shows them."""
