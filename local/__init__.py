"""The embedded AWS and SAP: everything that `make demo` needs on one machine."""
