//! Spans sent to labctl: one receiver while a lab is played, what it keeps, and how long to wait for the rest.

mod decode;
mod jaeger;
mod onward;
mod receiver;
mod store;
#[cfg(test)]
mod tests;

pub use jaeger::jaeger_spans;
pub use receiver::TraceReceiver;
pub use store::TraceStore;
