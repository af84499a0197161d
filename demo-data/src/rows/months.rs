//! How many photos each owner took in each month.

use crate::calendar::Month;
use crate::world::{Visibility, World};

/// How many photos an owner took in a month.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs, reason = "a row is its columns")]
pub struct PhotoMonth {
    pub userid: i64,
    /// The midnight of UTC at which the month began.
    pub month_at: i64,
    pub public_count: u32,
    pub contacts_count: u32,
    pub private_count: u32,
}

impl World {
    /// How many photos each owner took in each month of UTC, by owner and month.
    pub fn photo_months(&self) -> impl Iterator<Item = PhotoMonth> + '_ {
        let mut taken: Vec<(u32, u16, Visibility)> = self
            .uploads
            .iter()
            .map(|upload| (upload.owner, upload.taken.month().0, upload.visibility))
            .collect();
        taken.sort_unstable();
        by_month(taken)
    }
}

/// Counts photos by owner and month. `taken` must be sorted.
fn by_month(taken: Vec<(u32, u16, Visibility)>) -> impl Iterator<Item = PhotoMonth> {
    let mut taken = taken.into_iter().peekable();
    std::iter::from_fn(move || {
        let (owner, month, _) = *taken.peek()?;
        let mut counts = [0; 3];
        while let Some((.., visibility)) = taken.next_if(|next| (next.0, next.1) == (owner, month))
        {
            counts[visibility as usize] += 1;
        }
        let [public_count, contacts_count, private_count] = counts;
        let month_at = Month(month).start_at();
        Some(PhotoMonth {
            userid: i64::from(owner) + 1,
            month_at,
            public_count,
            contacts_count,
            private_count,
        })
    })
}
