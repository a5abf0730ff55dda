"""Spreadsheets: what a sheet holds, reading and writing it, and the process in which files are read."""
