"""The embedded SAP BTP: XSUAA, destination service and connectivity proxy on the loopback."""
