-- The only table of lab 03 and the three items that its runbook talks about.

CREATE TABLE items (
    id          VARCHAR(36)    PRIMARY KEY,
    name        VARCHAR(255)   NOT NULL,
    description TEXT,
    price       DECIMAL(10, 2) NOT NULL,
    created_at  TIMESTAMP      NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at  TIMESTAMP      NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_items_created_at ON items (created_at DESC);

INSERT INTO items (id, name, description, price) VALUES
    ('550e8400-e29b-41d4-a716-446655440001', 'Widget A', 'Turns left, then right',        29.99),
    ('550e8400-e29b-41d4-a716-446655440002', 'Gadget B', 'Has a button for everything',   49.99),
    ('550e8400-e29b-41d4-a716-446655440003', 'Gizmo C',  'Nobody remembers what it does', 19.99);

GRANT ALL PRIVILEGES ON ALL TABLES IN SCHEMA public TO labuser;
