//! Configuration: what is shipped, every mistake at once, and local users.

mod mistakes;
mod random;
mod shipped;
mod users;
