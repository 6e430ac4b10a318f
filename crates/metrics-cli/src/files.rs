//! Files written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A file that is complete beside its place, and not yet in it.
#[derive(Debug)]
pub(crate) struct Staged {
    file: NamedTempFile,
    path: PathBuf,
}

impl Staged {
    /// Writes `content` into a temporary file in the folder of `path`, down to the disk.
    ///
    /// On an error nothing is left of it, and what was in `path` is still there.
    pub(crate) fn new(path: &Path, content: &[u8]) -> io::Result<Self> {
        // A link stays one: what it points to is replaced.
        let path = fs::canonicalize(path).unwrap_or_else(|_| path.to_owned());
        let folder = match path.parent() {
            Some(folder) if !folder.as_os_str().is_empty() => folder,
            _ => Path::new("."),
        };
        let permissions = fs::metadata(&path).ok().map(|former| former.permissions());
        let mut file = temporary().tempfile_in(folder).map_err(without_path)?;
        file.as_file_mut().write_all(content)?;
        file.as_file().sync_all()?;
        if let Some(permissions) = permissions {
            file.as_file().set_permissions(permissions)?;
        }
        Ok(Self { file, path })
    }

    /// Puts the file into its place, in one step.
    pub(crate) fn persist(self) -> io::Result<()> {
        self.file.persist(self.path).map(|_| ()).map_err(|error| error.error)
    }
}

/// A temporary file with the permissions of any new file: alone it would be for its owner only.
fn temporary() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".tensor-metrics-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        // Less what the process masks.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

/// The message of the operating system, without the name of the temporary file.
fn without_path(error: io::Error) -> io::Error {
    let source = error.get_ref().and_then(|error| error.source());
    let code = source.and_then(|source| source.downcast_ref()).and_then(io::Error::raw_os_error);
    code.map_or(error, io::Error::from_raw_os_error)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(folder: &Path) -> Vec<String> {
        let entries = fs::read_dir(folder).unwrap();
        let mut names: Vec<_> =
            entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
        names.sort_unstable();
        names
    }

    #[test]
    fn a_file_is_replaced_in_one_step() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("a");
        fs::write(&path, "old").unwrap();
        let staged = Staged::new(&path, b"new").unwrap();
        assert_eq!((fs::read(&path).unwrap(), names(folder.path()).len()), (b"old".to_vec(), 2));
        staged.persist().unwrap();
        assert_eq!(
            (fs::read(&path).unwrap(), names(folder.path())),
            (b"new".to_vec(), vec!["a".to_owned()])
        );
    }

    #[test]
    fn what_is_not_put_into_its_place_leaves_nothing() {
        let folder = tempfile::tempdir().unwrap();
        drop(Staged::new(&folder.path().join("a"), b"new").unwrap());
        assert!(names(folder.path()).is_empty());
        // A folder stands where the file should.
        fs::create_dir(folder.path().join("b")).unwrap();
        let staged = Staged::new(&folder.path().join("b"), b"new");
        assert!(staged.and_then(Staged::persist).is_err());
        assert_eq!(names(folder.path()), ["b"]);
    }

    #[cfg(unix)]
    #[test]
    fn links_and_permissions_stay() {
        use std::os::unix::fs::PermissionsExt;

        let folder = tempfile::tempdir().unwrap();
        let (path, link) = (folder.path().join("a"), folder.path().join("b"));
        fs::write(&path, "old").unwrap();
        fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
        std::os::unix::fs::symlink(&path, &link).unwrap();
        Staged::new(&link, b"new").unwrap().persist().unwrap();
        assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
        assert_eq!(fs::read(&path).unwrap(), b"new");
        assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
    }
}
