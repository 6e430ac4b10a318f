//! Every rule that refuses an input: the exact text of the error, and that nothing has changed.
//!
//! The rules are those of the functions and of the stateful metrics alike, on every backend.

#[path = "../common/backends.rs"]
mod backends;
mod configurations;
mod counts;
mod devices;
mod empty;
mod filled;
#[path = "../common/given.rs"]
mod given;
mod limits;
mod probabilities;
mod scores;
mod shapes;
mod targets;
mod unchanged;
mod undefined;
mod weights;
