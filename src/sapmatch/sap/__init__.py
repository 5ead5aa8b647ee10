"""Speaks SAP over HTTP; usable as a library of its own.

connection -> odata/client -> csrf -> session -> logon, origin
           -> sources, auth/: who makes what a request is signed with, and whom TLS believes
                   |-> odata/urls, odata/v2: what a URL and a body look like
                   '-> odata/errors: what an answer means
"""
