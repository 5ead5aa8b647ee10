"""Ways to log on."""
