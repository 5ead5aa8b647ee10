"""Match -> intent -> update file -> SAP -> response file, each record exactly once."""
