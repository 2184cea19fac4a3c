//! A service's part in a trace: the span it took the work up with, and all below it.

use std::collections::{HashMap, HashSet};

use super::RecordedSpan;

/// A span and those below it, also in other services.
#[derive(Debug, Clone)]
pub struct SpanTree<'s> {
    /// How deep each one lies, 0 for the root; parents before their children, children in order of start.
    spans: Vec<(usize, &'s RecordedSpan)>,
}

impl<'s> SpanTree<'s> {
    /// The trees of every span that `is_root`, in order of start. Of a span that came twice one is taken.
    pub fn all<I>(spans: I, is_root: impl Fn(&RecordedSpan) -> bool) -> Vec<Self>
    where
        I: IntoIterator<Item = &'s RecordedSpan>,
    {
        let mut seen = HashSet::new();
        let mut roots = Vec::new();
        let mut below: HashMap<(u128, u64), Vec<&RecordedSpan>> = HashMap::new();
        for span in spans {
            if !seen.insert((span.trace, span.id)) {
                continue;
            }
            if let Some(parent) = span.parent {
                below.entry((span.trace, parent)).or_default().push(span);
            }
            if is_root(span) {
                roots.push(span);
            }
        }
        for children in below.values_mut() {
            children.sort_by_key(|span| (span.start, span.end, span.id));
        }
        roots.sort_by_key(|span| (span.start, span.id));
        roots
            .into_iter()
            .map(|root| Self::below(root, &below))
            .collect()
    }

    /// No span is visited twice, however the parents go in a circle.
    fn below(root: &'s RecordedSpan, below: &HashMap<(u128, u64), Vec<&'s RecordedSpan>>) -> Self {
        let mut seen = HashSet::from([root.id]);
        let mut spans = Vec::new();
        let mut waiting = vec![(0, root)];
        while let Some((depth, span)) = waiting.pop() {
            spans.push((depth, span));
            let children = below.get(&(span.trace, span.id)).map(Vec::as_slice);
            for child in children.unwrap_or_default().iter().rev() {
                if seen.insert(child.id) {
                    waiting.push((depth + 1, child));
                }
            }
        }
        Self { spans }
    }

    /// The span it is the tree of.
    pub fn root(&self) -> &'s RecordedSpan {
        self.spans[0].1
    }

    /// Every span with its depth, 0 for the root; parents before their children, children in order of start.
    pub fn spans(&self) -> &[(usize, &'s RecordedSpan)] {
        &self.spans
    }

    /// Those of this name, the root not among them.
    pub fn named<'n>(&'n self, name: &'n str) -> impl Iterator<Item = &'s RecordedSpan> + 'n {
        let below = self.spans[1..].iter().map(|(_, span)| *span);
        below.filter(move |span| span.name == name)
    }

    /// Those right below `parent`, in order of start.
    pub fn children(&self, parent: &RecordedSpan) -> impl Iterator<Item = &'s RecordedSpan> {
        let id = parent.id;
        let spans = self.spans[1..].iter().map(|(_, span)| *span);
        spans.filter(move |span| span.parent == Some(id))
    }

    /// The one of this id.
    pub fn by_id(&self, id: u64) -> Option<&'s RecordedSpan> {
        let mut spans = self.spans.iter().map(|(_, span)| *span);
        spans.find(|span| span.id == id)
    }
}
