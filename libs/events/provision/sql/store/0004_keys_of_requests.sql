-- The keys of requests are kept for ninety days and then forgotten: nobody repeats a request that long, and a keyed
-- hash of what somebody wrote should not outlive its use. Intake may delete what is older, and nothing else.

CREATE INDEX idempotency_age ON idempotency (recorded_at);

ALTER TABLE idempotency ENABLE ROW LEVEL SECURITY;
CREATE POLICY idempotency_read ON idempotency FOR SELECT USING (true);
CREATE POLICY idempotency_write ON idempotency FOR INSERT WITH CHECK (true);
CREATE POLICY idempotency_forget ON idempotency FOR DELETE USING (recorded_at < clock_now() - interval '90 days');

GRANT DELETE ON idempotency TO gehoor_intake;
