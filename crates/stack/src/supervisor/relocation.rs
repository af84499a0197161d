//! A state that lies elsewhere, because the children's user cannot enter the folder that was asked for.
//!
//! Two notes lead there and back: one in the folder that was asked for, which names the other, and one beside
//! the state, which says of which folder it is. A copy of the first folder holds the first note too, but
//! the second does not name the copy, so it does not lead to the state of the original.

use std::path::{Path, PathBuf};

use anyhow::Result;
use sha2::{Digest as _, Sha256};

use super::dir_identity::{DirIdentity, forget_id};
use super::replace_file::write_whole;

/// The note in the folder that was asked for.
pub(super) const TO: &str = "moved-to";

/// The note beside the state.
pub(super) const FROM: &str = "moved-from";

/// Where the state of this folder lies instead; none when it lies here.
pub(super) fn target(asked: &Path) -> Option<PathBuf> {
    let note = std::fs::read_to_string(asked.join(TO)).ok()?;
    let to = PathBuf::from(note.trim_end());
    let is_of_here = match beside(&to) {
        Some(place) => place.is(asked),
        // 0.4.0 left no second note, but the place follows from the folder's path.
        None => to == fallback_dir(asked),
    };
    is_of_here.then_some(to)
}

/// Writes both notes. If the folder is a copy of another, it gets an id of its own.
pub(super) fn write(asked: &Path, to: &Path) -> Result<()> {
    forget_id(asked);
    renew(asked, to)?;
    write_whole(&asked.join(TO), to.display().to_string().as_bytes())
}

/// Writes the note beside the state once more, if the folder was moved or mounted anew since.
pub(super) fn renew(asked: &Path, to: &Path) -> Result<()> {
    let place = DirIdentity::of(asked)?;
    if beside(to).as_ref() == Some(&place) {
        return Ok(());
    }
    write_whole(&to.join(FROM), &serde_json::to_vec(&place)?)
}

/// The note beside a state.
fn beside(state: &Path) -> Option<DirIdentity> {
    serde_json::from_slice(&std::fs::read(state.join(FROM)).ok()?).ok()
}

/// The same place for the same folder, so that it is found again even without the note.
pub(super) fn fallback_dir(asked: &Path) -> PathBuf {
    let hash = Sha256::digest(asked.as_os_str().as_encoded_bytes());
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
        assert_eq!(target(&copy), None);
        std::fs::rename(&first, &moved).expect("moved");
        assert_eq!(target(&moved).as_ref(), Some(&state));
        // The copy becomes a site of its own.
        write(&copy, &other).expect("notes");
        renew(&moved, &state).expect("a note");
        assert_eq!(target(&moved), Some(state));
        assert_eq!(target(&copy), Some(other));
    }
}
