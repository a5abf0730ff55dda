"""Events over RabbitMQ: publishing from the journal, taking each once, setting aside, sending again."""
