-- The only table of lab 08 and the five products that its runbook talks about.

CREATE TABLE products (
    id          VARCHAR(36)    PRIMARY KEY,
    name        VARCHAR(255)   NOT NULL,
    description TEXT,
    price       DECIMAL(10, 2) NOT NULL,
    created_at  TIMESTAMP      NOT NULL DEFAULT CURRENT_TIMESTAMP,
    updated_at  TIMESTAMP      NOT NULL DEFAULT CURRENT_TIMESTAMP
);

CREATE INDEX idx_products_created_at ON products (created_at DESC);

INSERT INTO products (id, name, description, price) VALUES
    ('prod-001', 'Wireless Mouse',      'Three buttons and a quiet wheel',            29.99),
    ('prod-002', 'Mechanical Keyboard', 'Eighty-seven keys, each with its own click', 149.99),
    ('prod-003', 'USB-C Hub',           'Seven ports from one',                       49.99),
    ('prod-004', 'Monitor Stand',       'Bamboo, with a drawer under it',             79.99),
    ('prod-005', 'Webcam HD',           'Full resolution at thirty frames a second',  59.99);
