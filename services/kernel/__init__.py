"""Mechanism that every service shares: journal, relay, inbox, RPC. It knows no business word."""
