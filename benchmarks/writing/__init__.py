"""What exactly once costs: writes of supplier invoices beside a loop that posts unprotected."""
