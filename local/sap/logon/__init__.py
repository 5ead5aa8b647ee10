"""Who may enter the embedded SAP: passwords, certificates, tokens, sessions."""
