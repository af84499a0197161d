//! What the site gives up when the disk fills up, in which order, and what goes on.
//!
//! `levels` needs no rights: a site whose reserve is larger than any disk. `before_the_body` is the refusal as
//! clients meet it through nginx. `loop_disk` fills a real file system, which takes root; without, it is
//! skipped and says so.

#![allow(
    clippy::print_stderr,
    reason = "what happens to the disk, for a person who looks on"
)]

mod before_the_body;
mod levels;
mod loop_disk;
mod prepared;
mod small_disk;
