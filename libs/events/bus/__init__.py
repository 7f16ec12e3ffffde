"""NATS: what exists there, how an event travels, who publishes it and who pulls it."""
