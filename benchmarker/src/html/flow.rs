//! Estimates how far down a picture begins, without layout.

use super::length::Extent;

/// How far below the window Chromium fetches lazy pictures, on a fast connection.
const NEAR_PX: f64 = 1250.0;

/// The pictures of a page in rows, as in galleries: each picture as wide as its slot, each row as wide
/// as the window, without text and margins.
pub(super) struct Flow {
    extent: Extent,
    /// The top of the current row.
    top_px: f64,
    /// The total width of the slots of the current row.
    row_width_px: f64,
    row_height_px: f64,
}

impl Flow {
    pub(super) fn new(extent: Extent) -> Self {
        Self {
            extent,
            top_px: 0.0,
            row_width_px: 0.0,
            row_height_px: 0.0,
        }
    }

    /// Places a picture after the one before, and returns whether it is near the window. A picture
    /// without a height attribute has height 0 until it has arrived, so more of them count as near.
    pub(super) fn place(&mut self, slot_px: f64, height_to_width: Option<f64>) -> bool {
        let width_px = slot_px.min(self.extent.width_px);
        if self.row_width_px + width_px > self.extent.width_px {
            // A full row is stretched to the width of the window.
            self.top_px += self.row_height_px * self.extent.width_px / self.row_width_px;
            (self.row_width_px, self.row_height_px) = (0.0, 0.0);
        }
        self.row_width_px += width_px;
        let height_px = width_px * height_to_width.unwrap_or(0.0);
        self.row_height_px = self.row_height_px.max(height_px);
        self.top_px < self.extent.height_px + NEAR_PX
    }
}

#[cfg(test)]
mod tests {
    use super::{Extent, Flow};

    fn near(slot_px: f64, height_to_width: Option<f64>) -> usize {
        let mut flow = Flow::new(Extent::of_width(1280));
        (0..200)
            .take_while(|_| flow.place(slot_px, height_to_width))
            .count()
    }

    #[test]
    fn rows_are_counted_as_far_as_chromium_looks() {
        // 1,970 px hold the beginnings of seven rows of 320 px, four pictures each.
        assert_eq!(near(320.0, Some(1.0)), 28);
        // Three of 400 px are stretched to 426.
        assert_eq!(near(400.0, Some(1.0)), 15);
        assert_eq!(near(5000.0, Some(0.5)), 4);
        assert_eq!(near(320.0, None), 200);
    }
}
