//! What is left to do of several entries: for each product the last one counts, as each carries the whole row.

use std::collections::HashMap;

use write_behind_queue::{Operation, Product};

/// The effect of some entries, in columns; no id is in it twice.
#[derive(Debug, Default, PartialEq)]
pub struct Batch<'o> {
    pub(crate) ids: Vec<&'o str>,
    pub(crate) names: Vec<&'o str>,
    pub(crate) prices: Vec<f64>,
    pub(crate) quantities: Vec<i32>,
    pub(crate) created: Vec<&'o str>,
    pub(crate) updated: Vec<&'o str>,
    pub(crate) deleted: Vec<&'o str>,
}

impl<'o> Batch<'o> {
    /// The effect of `operations`, oldest first.
    pub fn of(operations: impl IntoIterator<Item = &'o Operation>) -> Self {
        let operations: Vec<_> = operations.into_iter().collect();
        let places = operations.iter().enumerate();
        let last: HashMap<_, _> = places.map(|(place, o)| (o.id(), place)).collect();
        let mut batch = Self::default();
        for (place, operation) in operations.into_iter().enumerate() {
            if last[operation.id()] == place {
                batch.add(operation);
            }
        }
        batch
    }

    fn add(&mut self, operation: &'o Operation) {
        match operation {
            Operation::Insert(product) | Operation::Update(product) => {
                let Product {
                    id,
                    name,
                    price,
                    quantity,
                    created_at,
                    updated_at,
                } = product;
                self.ids.push(id);
                self.names.push(name);
                self.prices.push(*price);
                self.quantities.push(*quantity);
                self.created.push(created_at);
                self.updated.push(updated_at);
            }
            Operation::Delete(id) => self.deleted.push(id),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn product(id: &str, name: &str) -> Product {
        Product {
            id: id.to_owned(),
            name: name.to_owned(),
            price: 1.5,
            quantity: 1,
            created_at: "c".to_owned(),
            updated_at: "u".to_owned(),
        }
    }

    #[test]
    fn the_last_entry_of_a_product_counts() {
        let operations = [
            Operation::Insert(product("a", "a1")),
            Operation::Update(product("b", "b1")),
            Operation::Update(product("a", "a2")),
            Operation::Delete("b".to_owned()),
            Operation::Delete("c".to_owned()),
            Operation::Insert(product("c", "c1")),
        ];
        let batch = Batch::of(&operations);
        assert_eq!(batch.names, ["a2", "c1"]);
        assert_eq!(batch.deleted, ["b"]);
    }
}
