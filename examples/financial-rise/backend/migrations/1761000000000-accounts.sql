CREATE TABLE users (
  id bigserial PRIMARY KEY,
  email text NOT NULL UNIQUE,
  password text NOT NULL,
  role text NOT NULL DEFAULT 'consultant',
  verified boolean NOT NULL DEFAULT false,
  token text
);

CREATE TABLE questions (
  id integer PRIMARY KEY,
  wording text NOT NULL
);

CREATE TABLE assessments (
  id bigserial PRIMARY KEY,
  consultant bigint NOT NULL REFERENCES users,
  client text NOT NULL,
  link text NOT NULL UNIQUE,
  status text NOT NULL DEFAULT 'open',
  created_at timestamptz NOT NULL DEFAULT now()
);

CREATE TABLE answers (
  assessment bigint NOT NULL REFERENCES assessments,
  question integer NOT NULL REFERENCES questions,
  value integer NOT NULL,
  PRIMARY KEY (assessment, question)
);
