//! The names of a folder: what is seen, what is on the disk, and what may have got there in between.

use std::collections::{BTreeMap, BTreeSet};

use fastrand::Rng;

/// Stands for a file, by whatever name.
pub(super) type FileId = usize;

pub(super) type Names = BTreeMap<String, FileId>;

/// What one call did to one name: the file it means now, or none.
type Binding = (String, Option<FileId>);

#[derive(Debug, Clone, Default)]
pub(super) struct Folder {
    visible: Names,
    durable: Names,
    /// Since the last sync, one for each call. The disk may have any of them.
    changes: Vec<Vec<Binding>>,
}

impl Folder {
    pub(super) fn durable(names: Names) -> Self {
        Self {
            visible: names.clone(),
            durable: names,
            changes: Vec::new(),
        }
    }

    pub(super) fn names(&self) -> &Names {
        &self.visible
    }

    pub(super) fn bind(&mut self, bindings: Vec<Binding>) {
        apply(&mut self.visible, &bindings);
        self.changes.push(bindings);
    }

    pub(super) fn sync(&mut self) {
        for change in std::mem::take(&mut self.changes) {
            apply(&mut self.durable, &change);
        }
    }

    /// A sync that failed: any of the changes may be on the disk, and no later sync writes the others.
    pub(super) fn fail_sync(&mut self, random: &mut Rng) {
        self.durable = self.after_power_cut(random);
        self.changes.clear();
    }

    /// What the disk may have when the power goes: in half of the cases the first few changes, as a journal keeps them,
    /// else any of them, those of one file in their order.
    pub(super) fn after_power_cut(&self, random: &mut Rng) -> Names {
        let mut names = self.durable.clone();
        if random.bool() {
            let kept = random.usize(..=self.changes.len());
            for change in &self.changes[..kept] {
                apply(&mut names, change);
            }
        } else {
            let mut undone = BTreeSet::new();
            for change in &self.changes {
                let file = change.iter().find_map(|(_, file)| *file);
                if random.bool() && file.is_none_or(|file| !undone.contains(&file)) {
                    apply(&mut names, change);
                } else {
                    undone.extend(file);
                }
            }
        }
        names
    }
}

/// Whatever was undone before, a file does not come to have two names: nothing here makes links.
fn apply(names: &mut Names, bindings: &[Binding]) {
    for (name, file) in bindings {
        match file {
            Some(file) => {
                names.retain(|_, other| other != file);
                names.insert(name.clone(), *file);
            }
            None => drop(names.remove(name)),
        }
    }
}
