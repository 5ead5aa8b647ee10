"""Made-up invoices on paper, in many layouts, languages and notations, with their truth."""
