"""What a call of a function module over SOAP costs, beside zeep."""
