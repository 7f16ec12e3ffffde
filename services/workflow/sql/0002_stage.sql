-- Where the case is in its procedure. Rows that were made before get theirs when they are made again
-- (`rebuild`), or with the next event of their case.

ALTER TABLE case_state ADD COLUMN stage text NOT NULL DEFAULT 'received';

CREATE INDEX case_state_by_stage ON case_state (organisation, stage, case_id);
