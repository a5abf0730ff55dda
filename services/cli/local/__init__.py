"""The platform on one machine: a private broker, a private store and our own processes.

Whatever is started here is ended by its process id, and only after making sure that the id still is
the process we started.
"""
