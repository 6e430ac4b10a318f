//! Files written whole or not at all.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::{Builder, NamedTempFile};

/// A complete temporary file, ready to replace the file at its path.
#[derive(Debug)]
pub(crate) struct Staged {
    file: NamedTempFile,
    path: PathBuf,
}

impl Staged {
    /// Writes `content` into a temporary file in the folder of `path`, and syncs it to the disk.
    ///
    /// On an error the temporary file is removed, and the file at `path` stays as it was.
    pub(crate) fn new(path: &Path, content: &[u8]) -> io::Result<Self> {
        // A symbolic link stays a link: the file it points to is replaced.
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

    /// Moves the file to its path, in one atomic step.
    pub(crate) fn persist(self) -> io::Result<()> {
        self.file.persist(self.path).map(|_| ()).map_err(|error| error.error)
    }
}

/// Builder of temporary files with the permissions of any new file. By default only their owner could
/// read them.
fn temporary() -> Builder<'static, 'static> {
    let mut builder = Builder::new();
    builder.prefix(".tensor-metrics-");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;

        // The umask of the process still applies.
        builder.permissions(fs::Permissions::from_mode(0o666));
    }
    builder
}

/// The error of the operating system alone: tempfile adds the name of the temporary file to it.
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
    fn a_file_that_is_not_persisted_is_removed() {
        let folder = tempfile::tempdir().unwrap();
        drop(Staged::new(&folder.path().join("a"), b"new").unwrap());
        assert!(names(folder.path()).is_empty());
        // A folder has the path of the file.
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
