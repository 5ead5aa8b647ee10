"""What logging on costs: tokens asked for, CPU a request, TLS handshakes."""
