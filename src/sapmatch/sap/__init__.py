"""Speaks SAP over HTTP; usable as a library of its own.

connection -> odata/client -> csrf -> session -> origin
                   |-> odata/urls, odata/v2: what a URL and a body look like
                   '-> odata/errors: what an answer means
"""
