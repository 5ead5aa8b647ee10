"""The protocol of exactly-once writing, without I/O (docs/exactly-once.md)."""
