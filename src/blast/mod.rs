//! blast.
