-- Who repeats a command: the key it came with, as a keyed hash, and the answer to say again. Written in the
-- transaction of the command's events. Holds nothing personal.

CREATE TABLE repeat (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    case_id uuid NOT NULL,
    response bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT gehoor.clock_now(),
    PRIMARY KEY (scope, key)
);
