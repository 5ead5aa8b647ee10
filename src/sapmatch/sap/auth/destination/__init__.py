"""Destinations of SAP BTP: its destination service finds out how to log on, and does."""

from sapmatch.sap.auth.destination.source import DestinationSource

__all__ = ["DestinationSource"]
