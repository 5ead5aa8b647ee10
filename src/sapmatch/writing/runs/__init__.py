"""Runs of many intents of one flow, in the cloud and on a laptop, and their audit."""
