"""SAP's rows as facts about orders: read, spooled, sorted, and kept in the ledger."""
