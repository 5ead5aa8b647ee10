"""Speaks AWS: one small adapter per port; botocore's errors never leave this room."""
