"""A simulated world for the write protocol: workers, clocks, a store, a network and a SAP system.

Everything that happens follows from one seed, so every failure can be repeated.
"""
