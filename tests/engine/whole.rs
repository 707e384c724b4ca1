//! The default plant as a whole.
