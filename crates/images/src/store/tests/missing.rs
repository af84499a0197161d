//! A render whose original is missing: deleted a moment ago, or lost.

use super::*;
use crate::{FileName, Format, Originals};

/// Requests a picture of an uploaded file that does not exist, while the database returns this for its token.
async fn drawn_without_original(held: Held<()>) -> StoreError {
    let folder = tempfile::tempdir().unwrap();
    let originals = Originals::new(folder.path().join("originals"));
    let store = Derivatives::new(settings(folder.path()), originals);
    let lost = Original::Upload(FileName::random(Format::Jpeg));
    let found = store
        .get_or_make(any_key(), lost, Priority::Visitor, ready(held))
        .await;
    found.expect_err("there is nothing to draw")
}

#[tokio::test]
async fn a_photo_deleted_while_its_picture_is_drawn_is_gone_and_no_fault() {
    let error = drawn_without_original(Held::Gone).await;
    assert!(matches!(error, StoreError::Gone), "{error:?}");
}

#[tokio::test]
async fn an_original_that_is_lost_is_a_fault_and_in_doubt_the_answer_is_later() {
    let error = drawn_without_original(Held::Current(())).await;
    assert!(matches!(error, StoreError::Render(_)), "{error:?}");
    let error = drawn_without_original(Held::Unknown).await;
    assert!(matches!(error, StoreError::Unknown), "{error:?}");
}
