"""Which failures are an event's own fault, and which would pass for any event; the same goes for requests.

Over HTTP all of WEATHER and AGAIN is answered 503: nothing is wrong with the request, and it may be repeated.
"""

import asyncpg

from events.errors import ClockDisagrees, Fenced, StreamConflict

STALE_CONNECTION = (asyncpg.InvalidCachedStatementError, asyncpg.ReadOnlySQLTransactionError)
"""After a migration or a failover: the connections of the pool know an older world."""

RETRYABLE = (StreamConflict, ClockDisagrees, asyncpg.DeadlockDetectedError, asyncpg.SerializationError)
"""Worth another try at once, and never an event's fault."""

POISON = (asyncpg.QueryCanceledError, asyncpg.DataError)
"""Looks like weather by its class, but comes of what the batch asks for."""

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
"""Goes up, to be tried again later; everything that is not here is looked for in the batch, and parked."""
