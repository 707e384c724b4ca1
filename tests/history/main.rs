//! The historian's store from outside: what was committed is there, whatever happens to process, disk and files.

mod crash;
mod disk;
mod edit_crash;
mod edits;
mod export;
mod kill;
mod merge;
mod model;
mod read_only;
mod outbox;
mod removed;
mod retention;
mod support;
