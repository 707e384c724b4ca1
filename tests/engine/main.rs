//! The engine from outside: one scan after the other, commands between them, and runs that repeat.

mod alarm;
mod clock;
mod command;
mod feed;
mod journal;
mod repeat;
mod support;
mod trace;
mod whole;
