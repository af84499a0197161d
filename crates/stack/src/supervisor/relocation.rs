//! A state directory relocated to a folder that the children's user can enter.
//!
//! Two notes link the folders: one in the requested folder names the real one, and one beside the state names the
//! requested folder. A copy of the requested folder holds the first note too, but the second note does not name the
//! copy, so the copy does not lead to the state of the original.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::dir_identity::{DirIdentity, forget_id};
use super::replace_file::write_whole;

/// The note in the requested folder.
pub(super) const TO: &str = "moved-to";

/// The note beside the state.
pub(super) const FROM: &str = "moved-from";

/// Returns the relocated path of this folder's state; `None` if it was not relocated.
pub(super) fn relocated_path(requested: &Path) -> Option<PathBuf> {
    let note = std::fs::read_to_string(requested.join(TO)).ok()?;
    let to = PathBuf::from(note.trim_end());
    let is_of_here = match read_back_note(&to) {
        Some(identity) => identity.is(requested),
        // 0.4.0 wrote no second note, but the fallback path follows from the requested one.
        None => to == fallback_dir(requested),
    };
    is_of_here.then_some(to)
}

/// Writes both notes. A folder that is a copy of another gets a new id.
pub(super) fn write(requested: &Path, to: &Path) -> Result<()> {
    forget_id(requested);
    update(requested, to)?;
    write_whole(&requested.join(TO), to.display().to_string().as_bytes())
}

/// Updates the note beside the state if the folder was moved or remounted since.
pub(super) fn update(requested: &Path, to: &Path) -> Result<()> {
    let identity = DirIdentity::of(requested)?;
    if read_back_note(to).as_ref() == Some(&identity) {
        return Ok(());
    }
    write_whole(&to.join(FROM), &serde_json::to_vec(&identity)?)
}

/// Reads the note beside a state.
fn read_back_note(state: &Path) -> Option<DirIdentity> {
    serde_json::from_slice(&std::fs::read(state.join(FROM)).ok()?).ok()
}

/// The fallback path: always the same for the same folder, so that it is found even without the note.
pub(super) fn fallback_dir(requested: &Path) -> PathBuf {
    let hash = Sha256::digest(requested.as_os_str().as_encoded_bytes());
    let hash: String = hash
        .iter()
        .take(8)
        .map(|byte| format!("{byte:02x}"))
        .collect();
    PathBuf::from(format!("/var/tmp/flickr-killr-{hash}"))
}

#[cfg(test)]
mod tests {
    use super::super::dir_identity::ID;
    use super::*;

    #[test]
    fn a_moved_folder_leads_to_its_state_and_a_copy_does_not() {
        let dir = tempfile::tempdir().expect("a folder");
        let [first, moved, copy, state, other] =
            ["first", "moved", "copy", "state", "other"].map(|name| dir.path().join(name));
        for made in [&first, &copy, &state, &other] {
            std::fs::create_dir(made).expect("a folder");
        }
        write(&first, &state).expect("notes");
        for name in [TO, ID] {
            std::fs::copy(first.join(name), copy.join(name)).expect("a copy");
        }
        assert_eq!(relocated_path(&copy), None);
        std::fs::rename(&first, &moved).expect("moved");
        assert_eq!(relocated_path(&moved).as_ref(), Some(&state));
        // The copy becomes a separate site.
        write(&copy, &other).expect("notes");
        update(&moved, &state).expect("a note");
        assert_eq!(relocated_path(&moved), Some(state));
        assert_eq!(relocated_path(&copy), Some(other));
    }
}
