"""The serverless bridge between the invoices in S3 and the orders in SAP."""
