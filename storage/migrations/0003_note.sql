-- 0003_note.sql - why an operator did something, or what, where it is none of the ledger's.

ALTER TABLE entry
  ADD COLUMN IF NOT EXISTS note VARCHAR(96) NULL COMMENT 'reason that the operator gave, or the command' AFTER origin;
