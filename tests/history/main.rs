//! The historian's store from outside: what was committed is there, whatever happens to process, disk and files.

mod crash;
mod disk;
mod kill;
mod model;
mod outbox;
mod retention;
mod support;
