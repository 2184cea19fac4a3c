//! The replication protocol: what a primary sends when, what a replica takes, what a client may claim.
//!
//! No I/O, no clock: time comes in as a [`Duration`](std::time::Duration) since an arbitrary start, and what is to be
//! sent comes out as values. The whole state is sent every time, so only the newest counts, and a delivery that is
//! lost, late or repeated does no harm:
//!
//! - **States are ordered** by a [`Stamp`]: the epoch of the primary that made them, then their version.
//! - **A replica never goes back**: it takes a state only if its stamp is higher ([`Replica`]).
//! - **The primary repairs** ([`Primary`]): it sends until a replica has the state, asks replicas now and then what
//!   they hold, and outranks whatever it finds ahead of itself.
//! - **A restarted primary** takes up the highest state that a replica within reach holds ([`Recovery`]), under a new
//!   epoch: it never gives a stamp to two states. A write that no such replica had is lost, although it was
//!   acknowledged. That is the price of answering before anything is copied. Where the clock was set back between two
//!   starts, the highest state need not be the latest; all nodes still come to hold the same.
//! - **A reset** is an empty state under a new epoch; deliveries from before it come too late for ever.
//! - **Claims** are made of stamps read ([`verdict`]), and only those that no interleaving makes false.

mod primary;
mod queue;
mod recovery;
mod replica;
mod stamp;
pub mod verdict;

pub use primary::{Delivery, Primary, Step};
pub use queue::MAX_PENDING;
pub use recovery::Recovery;
pub use replica::{Receipt, Replica};
pub use stamp::{Origin, Snapshot, Stamp};
