"""The same work done as other frameworks do it: an event a transaction, the same facts and roll-ups, exactly once."""
