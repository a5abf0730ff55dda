"""The kernel on real servers."""
