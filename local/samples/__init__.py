"""The sample world: a company, its orders in SAP, and the invoices that arrive."""
