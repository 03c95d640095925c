-- A trust store as version 1 of the schema made it.
PRAGMA application_id = 1249399636;
CREATE TABLE keys (
  id INTEGER PRIMARY KEY AUTOINCREMENT,
  jid TEXT NOT NULL,
  fingerprint TEXT NOT NULL,
  device TEXT,
  level INTEGER NOT NULL,
  first_seen INTEGER NOT NULL,
  last_seen INTEGER NOT NULL,
  UNIQUE (jid, fingerprint));
PRAGMA user_version = 1;
INSERT INTO keys (jid, fingerprint, device, level, first_seen, last_seen) VALUES
  ('juliet@capulet.lit', 'aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa', 'balcony', 4, 1400000000, 1500000000),
  ('romeo@montague.lit', 'bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb', 'orchard', 3, 1400000001, 1500000001),
  ('tybalt@capulet.lit', 'cccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccccc', NULL, 0, 0, 0),
  ('mercutio@montague.lit', 'dddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddddd', 'street', 2, 1400000002, 1400000002),
  ('juliet@capulet.lit', 'eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee', 'chamber', 1, 1400000003, 1400000003);
