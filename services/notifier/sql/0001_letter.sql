-- The letters that are owed and not yet settled: the notifier's to-do list, with nothing personal in it.
-- A row goes when its outcome stands in the case; the times here are real ones, except `written_at`, which is
-- the system's clock and decides the date on the letter.

CREATE TABLE letter (
    letter_id uuid PRIMARY KEY,
    case_id uuid NOT NULL,
    letter text NOT NULL,
    occurrence smallint NOT NULL,
    state text NOT NULL DEFAULT 'due' CHECK (state IN ('due', 'sending', 'held', 'closed')),
    reason text,
    attempts integer NOT NULL DEFAULT 0,
    owed_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    next_attempt_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    attempt_started_at timestamptz,
    claimed_by uuid,
    written_at timestamptz,
    may_have_left boolean NOT NULL DEFAULT false,
    last_code integer,
    last_stage text
) WITH (fillfactor = 60);

CREATE INDEX letter_due ON letter (next_attempt_at) WHERE state IN ('due', 'held');
CREATE INDEX letter_sending ON letter (claimed_by) WHERE state = 'sending';
