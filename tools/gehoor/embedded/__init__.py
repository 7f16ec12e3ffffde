"""Everything that starts processes: Postgres, NATS, the services, and the supervisor above them."""
