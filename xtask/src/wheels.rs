//! Python packages in folders of their own below `target`.

use std::fs;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use crate::run::{Result, command, root, run};

/// What a folder of packages holds.
#[derive(Debug)]
pub(crate) struct Wheels {
    /// Name of the folder below `target`.
    pub(crate) folder: &'static str,
    /// The list of packages, each pinned; complete, since nothing else is fetched.
    pub(crate) requirements: &'static str,
    /// What it is and how large, for the user who waits for it.
    pub(crate) what: &'static str,
}

impl Wheels {
    /// The folder.
    pub(crate) fn folder(&self) -> PathBuf {
        root().join("target").join(self.folder)
    }

    /// Its Python.
    pub(crate) fn python(&self) -> PathBuf {
        self.folder().join("bin/python")
    }

    /// Where the packages lie.
    pub(crate) fn site_packages(&self) -> Result<PathBuf> {
        let versions = self.folder().join("lib");
        let mut entries =
            fs::read_dir(&versions).map_err(|error| format!("{}: {error}", versions.display()))?;
        let version =
            entries.next().ok_or_else(|| format!("{} is empty", versions.display()))??;
        Ok(version.path().join("site-packages"))
    }

    /// Installs the packages, unless those listed are installed; then `complete` does what is left to
    /// do, once.
    pub(crate) fn install(&self, complete: impl FnOnce() -> Result<()>) -> Result<()> {
        let requirements = root().join(self.requirements);
        let wanted = fs::read_to_string(&requirements)?;
        let installed = self.folder().join("requirements.txt");
        if fs::read_to_string(&installed).is_ok_and(|text| text == wanted) {
            return Ok(());
        }
        let (folder, what) = (self.folder(), self.what);
        eprintln!("installing {what} into target/{}", self.folder);
        // Half of another list would be worse than nothing.
        if folder.exists() {
            fs::remove_dir_all(&folder)?;
        }
        run(&mut command("python3", &["-m", "venv", &folder.to_string_lossy()]))?;
        let pip = ["-m", "pip", "--disable-pip-version-check", "install", "--no-deps"];
        run(command(&self.python().to_string_lossy(), &pip)
            .args(["--no-cache-dir", "--requirement"])
            .arg(&requirements))?;
        complete()?;
        fs::write(&installed, wanted)?;
        Ok(())
    }
}

/// A link, in place of one that may be there already.
pub(crate) fn link(to: &Path, at: &Path) -> Result<()> {
    if at.symlink_metadata().is_ok() {
        fs::remove_file(at)?;
    }
    symlink(to, at).map_err(|error| format!("{}: {error}", at.display()).into())
}
