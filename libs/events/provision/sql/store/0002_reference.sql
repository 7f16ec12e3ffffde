-- Who finds a case: its reference, unique for ever. And who repeats a request: the key it came with.
-- Both are inserted in the statement of the event they belong to, and hold nothing personal: `fingerprint` is a
-- keyed hash of the body, `response` what has to be said again (names of fields, never their values).

CREATE TABLE case_reference (
    reference text PRIMARY KEY,
    case_id uuid NOT NULL UNIQUE
);

CREATE TABLE idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    case_id uuid NOT NULL,
    response bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT clock_now(),
    PRIMARY KEY (scope, key)
);

GRANT SELECT ON case_reference TO
    gehoor_intake, gehoor_workflow, gehoor_deadlines, gehoor_notifier, gehoor_relay, gehoor_keeper, gehoor_auditor;
GRANT INSERT ON case_reference TO gehoor_intake;
GRANT SELECT, INSERT ON idempotency TO gehoor_intake;
