-- The one table of idempotency keys, for the schema of each service that answers repeated requests: the key and what the
-- request said, both as keyed hashes, and the answer to give again. Written in the transaction of the effect. Nothing
-- personal. A row is kept for ninety days; the service may delete what is older, and change nothing.
--
-- `gehoor.idempotency` (intake) and `workflow.repeat` were made before this file, by migrations of their own, under the
-- names they have. A test compares both with this one.

CREATE TABLE idempotency (
    scope text NOT NULL,
    key text NOT NULL,
    fingerprint bytea NOT NULL,
    case_id uuid NOT NULL,
    response bytea NOT NULL,
    recorded_at timestamptz NOT NULL DEFAULT gehoor.clock_now(),
    PRIMARY KEY (scope, key)
);

CREATE INDEX idempotency_age ON idempotency (recorded_at);

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
CREATE POLICY idempotency_read ON idempotency FOR SELECT USING (true);
CREATE POLICY idempotency_write ON idempotency FOR INSERT WITH CHECK (true);
CREATE POLICY idempotency_forget ON idempotency FOR DELETE USING (recorded_at < gehoor.clock_now() - interval '90 days');
