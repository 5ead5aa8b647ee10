"""What is printed on invoices, by kind, in thirteen languages: data, no rules."""
