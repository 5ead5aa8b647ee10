"""Reading 100,000 rows of 30 fields: the client against its floors and its peers.

A server in a process of its own sends prepared bytes, so only the reading costs anything. Every
contestant runs in a process of its own as well: its CPU time and peak memory are its alone.
"""
