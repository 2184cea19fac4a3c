-- The only table of lab 42, the five products that its runbook talks about, and a view of the whole.

CREATE TABLE products (
    id         VARCHAR(36)    PRIMARY KEY,
    name       VARCHAR(255)   NOT NULL,
    price      DECIMAL(10, 2) NOT NULL,
    quantity   INTEGER        NOT NULL DEFAULT 0,
    created_at TIMESTAMPTZ    NOT NULL DEFAULT now(),
    updated_at TIMESTAMPTZ    NOT NULL DEFAULT now()
);

CREATE INDEX idx_products_name ON products (name);
CREATE INDEX idx_products_updated_at ON products (updated_at DESC);

INSERT INTO products (id, name, price, quantity) VALUES
    ('seed-001', 'Widget A', 19.99, 100),
    ('seed-002', 'Widget B', 29.99,  50),
    ('seed-003', 'Gadget X', 49.99,  25),
    ('seed-004', 'Gadget Y', 79.99,  10),
    ('seed-005', 'Tool Z',   99.99,   5)
ON CONFLICT (id) DO NOTHING;

CREATE VIEW product_stats AS
SELECT count(*)        AS total_products,
       sum(quantity)   AS total_inventory,
       avg(price)      AS avg_price,
       max(updated_at) AS last_update
FROM products;
