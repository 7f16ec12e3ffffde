"""Which failures are an event's own fault, and which would meet any event; the same goes for requests.

Over HTTP TRANSIENT_ERRORS and RETRYABLE are answered 503: nothing is wrong with the request, it may be
repeated.
"""

import asyncpg

from events.errors import ClockDisagrees, Fenced, StreamConflict

STALE_CONNECTION = (asyncpg.InvalidCachedStatementError, asyncpg.ReadOnlySQLTransactionError)
"""After a migration or a failover: the pool's connections know the tables or the server as they were
before."""

RETRYABLE = (StreamConflict, ClockDisagrees, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Worth another attempt at once, and never an event's fault."""

POISON = (asyncpg.QueryCanceledError, asyncpg.DataError)
"""Caused by what the batch asks for, although QueryCanceledError is a subclass of a transient error. Whoever
catches both has to look for POISON first."""

TRANSIENT_ERRORS = (
    Fenced,
    asyncpg.PostgresConnectionError,
    asyncpg.OperatorInterventionError,
    asyncpg.InsufficientResourcesError,
    asyncpg.InsufficientPrivilegeError,
    asyncpg.InvalidAuthorizationSpecificationError,  # a password that is being replaced
    asyncpg.InvalidTransactionStateError,
    asyncpg.LockNotAvailableError,  # somebody who stands still holds what the batch needs
    asyncpg.InterfaceError,
    asyncpg.InternalClientError,  # what asyncpg raises where a connection died in the middle
    *STALE_CONNECTION,
    OSError,
    TimeoutError,
)
"""Raised to the loop, to be tried again later. For everything that is not here the one event is looked for in
the batch, and its case is parked. So a failure that belongs here and is missing parks cases during an
outage."""
