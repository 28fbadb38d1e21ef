CREATE TABLE reports (
  id bigserial PRIMARY KEY,
  assessment bigint NOT NULL REFERENCES assessments,
  reader text NOT NULL CHECK (reader IN ('consultant', 'client')),
  created_at timestamptz NOT NULL DEFAULT now()
);

ALTER TABLE assessments ADD COLUMN completed_at timestamptz;
