-- The keys of commands are kept for ninety days and then forgotten, by the rule of the keys of requests: nobody repeats
-- a command that long, and a keyed hash of what somebody wrote should not outlive its use. Workflow may delete what is
-- older and change nothing.

CREATE INDEX repeat_age ON repeat (recorded_at);

ALTER TABLE repeat ENABLE ROW LEVEL SECURITY;
CREATE POLICY repeat_read ON repeat FOR SELECT USING (true);
CREATE POLICY repeat_write ON repeat FOR INSERT WITH CHECK (true);
CREATE POLICY repeat_forget ON repeat FOR DELETE USING (recorded_at < gehoor.clock_now() - interval '90 days');
