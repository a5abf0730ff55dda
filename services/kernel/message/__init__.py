"""What crosses a process boundary: events, commands, errors, texts, names and signatures. Pure."""
