"""The gateway's store: facts and roll-ups written by the worker, read by the API."""
