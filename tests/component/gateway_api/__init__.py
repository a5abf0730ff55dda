"""The API's process against real neighbours."""
