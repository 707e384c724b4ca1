//! Configuration: what is shipped, every mistake at once, and local users.

mod approval;
mod mistakes;
mod postgres;
mod random;
mod shipped;
mod users;
