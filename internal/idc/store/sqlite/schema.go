package sqlite

// migrations upgrade a database from each version to the next; PRAGMA user_version counts those that have run. Only
// ever append to them.
var migrations = [...]string{
	`
CREATE TABLE entry (
	kind  TEXT NOT NULL,
	id    TEXT NOT NULL,
	ends  INTEGER NOT NULL, -- Unix milliseconds; 0 is never
	value BLOB NOT NULL,    -- JSON
	PRIMARY KEY (kind, id)
) WITHOUT ROWID;
CREATE INDEX entry_ends ON entry (ends) WHERE ends > 0;

CREATE TABLE entry_key (
	kind TEXT NOT NULL,
	key  TEXT NOT NULL,
	id   TEXT NOT NULL,
	PRIMARY KEY (kind, key),
	FOREIGN KEY (kind, id) REFERENCES entry (kind, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX entry_key_id ON entry_key (kind, id);

CREATE TABLE entry_owner (
	kind  TEXT NOT NULL,
	owner TEXT NOT NULL,
	id    TEXT NOT NULL,
	PRIMARY KEY (kind, owner, id),
	FOREIGN KEY (kind, id) REFERENCES entry (kind, id) ON DELETE CASCADE
) WITHOUT ROWID;
CREATE INDEX entry_owner_id ON entry_owner (kind, id);

CREATE TABLE assignment (
	principal      TEXT NOT NULL,
	account        TEXT NOT NULL,
	permission_set TEXT NOT NULL,
	PRIMARY KEY (principal, account, permission_set)
) WITHOUT ROWID;
CREATE INDEX assignment_account ON assignment (account, permission_set, principal);
CREATE INDEX assignment_set ON assignment (permission_set, account, principal);

CREATE TABLE audit (
	seq     INTEGER PRIMARY KEY,
	time    INTEGER NOT NULL, -- Unix microseconds
	actor   TEXT NOT NULL,
	action  TEXT NOT NULL,
	target  TEXT NOT NULL,
	details TEXT NOT NULL,
	hash    BLOB NOT NULL
);
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;
CREATE TRIGGER audit_is_not_cut BEFORE DELETE ON audit BEGIN SELECT RAISE(ABORT, 'the audit is only added to'); END;

CREATE TABLE meta (
	name  TEXT PRIMARY KEY,
	value TEXT NOT NULL
) WITHOUT ROWID;
`,
	`
CREATE INDEX entry_kind_ends ON entry (kind, ends) WHERE ends > 0;

CREATE TABLE entry_count (
	kind TEXT PRIMARY KEY,
	n    INTEGER NOT NULL
) WITHOUT ROWID;
INSERT INTO entry_count SELECT kind, count(*) FROM entry GROUP BY kind;
CREATE TRIGGER entry_is_added AFTER INSERT ON entry BEGIN
	INSERT INTO entry_count VALUES (NEW.kind, 1) ON CONFLICT DO UPDATE SET n = n + 1;
END;
CREATE TRIGGER entry_is_deleted AFTER DELETE ON entry BEGIN
	UPDATE entry_count SET n = n - 1 WHERE kind = OLD.kind;
END;
`,
	`
ALTER TABLE entry ADD COLUMN mac BLOB NOT NULL DEFAULT x''; -- of the row, its keys and its owners
INSERT INTO meta VALUES ('ledger', ''); -- to be made
`,
}
