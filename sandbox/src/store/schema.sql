CREATE TABLE cards (
    id                 TEXT PRIMARY KEY,
    product            TEXT NOT NULL,
    customer_id        TEXT NOT NULL,
    account_id         TEXT NOT NULL,
    role               TEXT NOT NULL,
    masked_card_number TEXT NOT NULL,
    first_name         TEXT,
    last_name          TEXT,
    status             TEXT NOT NULL,
    pin_status         TEXT NOT NULL CHECK (pin_status IN ('D', 'W', 'S')),
    -- The PIN that the next plastic is made with. A card in D gets it when it is made.
    sealed_pin         BLOB,
    created_ms         INTEGER NOT NULL,
    CHECK (pin_status <> 'S' OR sealed_pin IS NOT NULL),
    CHECK (pin_status <> 'W' OR sealed_pin IS NULL)
) STRICT;

CREATE TABLE plastics (
    id              TEXT PRIMARY KEY,
    card_id         TEXT NOT NULL REFERENCES cards (id),
    sequence_number INTEGER NOT NULL,
    production_type TEXT NOT NULL,
    expires_year    INTEGER NOT NULL,
    expires_month   INTEGER NOT NULL,
    created_ms      INTEGER NOT NULL,
    UNIQUE (card_id, sequence_number)
) STRICT;

-- One row for each plastic that was made: a plastic without one is INACTIVE, with one ACTIVE.
CREATE TABLE productions (
    plastic_id TEXT PRIMARY KEY REFERENCES plastics (id),
    made_ms    INTEGER NOT NULL,
    sealed_pin BLOB NOT NULL
) STRICT;

CREATE TABLE control_ids (
    id              TEXT PRIMARY KEY,
    plastic_id      TEXT NOT NULL REFERENCES plastics (id),
    scope           TEXT NOT NULL CHECK (scope IN ('SET_PIN', 'VIEW_PIN')),
    state           TEXT NOT NULL CHECK (state IN ('issued', 'page_fetched', 'key_sent', 'used', 'burnt')),
    issued_ms       INTEGER NOT NULL,
    first_used_ms   INTEGER,
    key_fingerprint BLOB,
    sealed_tzpk     BLOB
) STRICT;

-- One row: how far the sandbox's clock is ahead of real time, and when the last embossing run was.
CREATE TABLE time (
    one         INTEGER PRIMARY KEY CHECK (one = 1),
    offset_ms   INTEGER NOT NULL,
    last_run_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE kept_answers (
    key      TEXT PRIMARY KEY,
    request  BLOB NOT NULL,
    answer   TEXT NOT NULL,
    until_ms INTEGER NOT NULL
) STRICT;

CREATE TABLE issuer_cards (
    card_id TEXT PRIMARY KEY,
    product TEXT NOT NULL,
    number  INTEGER NOT NULL
) STRICT;
