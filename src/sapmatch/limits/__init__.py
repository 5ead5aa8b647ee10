"""What all functions of a stage agree on before they call a service: how fast, how many, at all."""
