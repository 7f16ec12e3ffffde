"""Making databases, roles, schemas and the bus ready; run by a command, never by a service."""
