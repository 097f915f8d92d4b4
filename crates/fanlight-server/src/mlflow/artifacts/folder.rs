//! The directory that uploaded files are kept in.

use std::io;
use std::path::{Path, PathBuf};

use axum::body::Body;
use bytes::Bytes;
use fanlight_api::ApiError;
use fanlight_model::ErrorKind;
use http_body_util::BodyExt;
use serde_json::{Value, json};
use tokio::fs::{self, File};
use tokio::io::AsyncWriteExt;

use super::no_such_file;
use super::path::FilePath;
use crate::AppState;
use crate::body::why_unfinished;
use crate::mlflow::extract::Caller;

/// Entries of a directory that are listed at most.
const MAX_ENTRIES: usize = 10_000;

/// The files of one workspace.
#[derive(Debug)]
pub(super) struct Folder {
    files: PathBuf,
    /// Where files grow until they are complete: on the same file system, so that renaming is atomic.
    incoming: PathBuf,
}

/// A file that exists.
#[derive(Debug)]
pub(super) struct Opened {
    pub(super) name: String,
    pub(super) length: u64,
    pub(super) file: File,
}

#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Entry {
    pub(super) path: String,
    /// `None` for a directory.
    pub(super) length: Option<u64>,
}

impl Folder {
    pub(super) fn of(state: &AppState, caller: Caller) -> Self {
        Self::at(&state.artifact_root, caller.workspace_name())
    }

    fn at(root: &Path, workspace: &str) -> Self {
        Self {
            files: root.join(workspace),
            incoming: root.join(".incoming"),
        }
    }

    /// Stores a body of at most `limit` bytes. Once this returns the file survives a power cut; until
    /// then readers see what was there before.
    pub(super) async fn write(
        &self,
        path: &FilePath,
        body: Body,
        limit: usize,
    ) -> Result<(), ApiError> {
        let incoming = Incoming::create(&self.incoming).await?;
        let mut file = incoming.open().await?;
        copy(body, &mut file, limit).await?;
        incoming
            .publish(file, &self.files.join(path.relative()))
            .await
    }

    pub(super) async fn write_bytes(&self, path: &FilePath, bytes: Bytes) -> Result<(), ApiError> {
        let limit = bytes.len();
        self.write(path, Body::from(bytes), limit).await
    }

    pub(super) async fn open(&self, path: &FilePath) -> Result<Opened, ApiError> {
        let file = File::open(self.files.join(path.relative()))
            .await
            .map_err(failed)?;
        let metadata = file.metadata().await.map_err(failed)?;
        if !metadata.is_file() {
            return Err(no_such_file());
        }
        Ok(Opened {
            name: path.file_name().to_owned(),
            length: metadata.len(),
            file,
        })
    }

    /// Removes a file, or a directory with everything in it.
    pub(super) async fn remove(&self, path: &FilePath) -> Result<(), ApiError> {
        let place = self.files.join(path.relative());
        let metadata = fs::symlink_metadata(&place).await.map_err(failed)?;
        let removed = if metadata.is_dir() {
            fs::remove_dir_all(&place).await
        } else {
            fs::remove_file(&place).await
        };
        removed.map_err(failed)
    }

    /// What is directly in a directory, by name; nothing when there is no such directory.
    pub(super) async fn list(&self, path: &FilePath) -> Result<Vec<Entry>, ApiError> {
        let mut directory = match fs::read_dir(self.files.join(path.relative())).await {
            Ok(directory) => directory,
            Err(error)
                if matches!(
                    error.kind(),
                    io::ErrorKind::NotFound | io::ErrorKind::NotADirectory
                ) =>
            {
                return Ok(Vec::new());
            }
            Err(error) => return Err(failed(error)),
        };
        let mut entries = Vec::new();
        while let Some(entry) = directory.next_entry().await.map_err(failed)? {
            let Ok(name) = entry.file_name().into_string() else {
                continue;
            };
            let metadata = entry.metadata().await.map_err(failed)?;
            entries.push(Entry {
                path: name,
                length: metadata.is_file().then_some(metadata.len()),
            });
            if entries.len() == MAX_ENTRIES {
                break;
            }
        }
        entries.sort_by(|left, right| left.path.cmp(&right.path));
        Ok(entries)
    }
}

impl Entry {
    pub(super) fn render(&self) -> Value {
        match self.length {
            Some(length) => json!({"path": self.path, "is_dir": false, "file_size": length}),
            None => json!({"path": self.path, "is_dir": true}),
        }
    }
}

/// A file that is being received; deleted unless it is published.
struct Incoming {
    path: PathBuf,
    published: bool,
}

impl Incoming {
    async fn create(directory: &Path) -> Result<Self, ApiError> {
        fs::create_dir_all(directory).await.map_err(failed)?;
        let path = directory.join(format!("{:032x}", rand::random::<u128>()));
        Ok(Self {
            path,
            published: false,
        })
    }

    async fn open(&self) -> Result<File, ApiError> {
        File::create_new(&self.path).await.map_err(failed)
    }

    async fn publish(mut self, file: File, place: &Path) -> Result<(), ApiError> {
        file.sync_all().await.map_err(failed)?;
        if let Some(directory) = place.parent() {
            fs::create_dir_all(directory).await.map_err(failed)?;
            fs::rename(&self.path, place).await.map_err(failed)?;
            self.published = true;
            // The name is durable only with the directory it stands in.
            File::open(directory)
                .await
                .map_err(failed)?
                .sync_all()
                .await
                .map_err(failed)?;
        }
        Ok(())
    }
}

impl Drop for Incoming {
    fn drop(&mut self) {
        if !self.published {
            // Left-over files do no harm: the folder is outside what clients can name.
            drop(std::fs::remove_file(&self.path));
        }
    }
}

async fn copy(mut body: Body, file: &mut File, limit: usize) -> Result<(), ApiError> {
    let mut length = 0_usize;
    while let Some(frame) = body.frame().await {
        let frame = frame.map_err(|error| ApiError::invalid(why_unfinished(&error)))?;
        let Ok(data) = frame.into_data() else {
            continue;
        };
        length = length.saturating_add(data.len());
        if length > limit {
            let message = format!("the file is larger than {limit} bytes (`max_body_bytes`)");
            return Err(ApiError::new(ErrorKind::TooLarge, message));
        }
        file.write_all(&data).await.map_err(failed)?;
    }
    file.flush().await.map_err(failed)
}

/// An error of the file system, as far as the caller caused it.
fn failed(error: io::Error) -> ApiError {
    match error.kind() {
        io::ErrorKind::NotFound | io::ErrorKind::NotADirectory => no_such_file(),
        io::ErrorKind::IsADirectory
        | io::ErrorKind::AlreadyExists
        | io::ErrorKind::DirectoryNotEmpty => {
            ApiError::invalid("a directory and a file cannot have the same path")
        }
        io::ErrorKind::InvalidFilename => ApiError::invalid("the path is not valid on this server"),
        io::ErrorKind::StorageFull | io::ErrorKind::QuotaExceeded => {
            ApiError::new(ErrorKind::Unavailable, "the disk of the server is full")
        }
        _ => ApiError::internal(error),
    }
}

#[cfg(test)]
mod tests {
    use tokio::io::AsyncReadExt;

    use super::*;

    fn path(text: &str) -> FilePath {
        FilePath::parse(text).unwrap()
    }

    async fn content(folder: &Folder, name: &str) -> String {
        let mut opened = folder.open(&path(name)).await.unwrap();
        let mut text = String::new();
        opened.file.read_to_string(&mut text).await.unwrap();
        text
    }

    #[tokio::test]
    async fn a_file_is_written_replaced_listed_and_removed() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path(), "default");
        folder
            .write_bytes(&path("1/a/b.txt"), "one".into())
            .await
            .unwrap();
        folder
            .write_bytes(&path("1/a/b.txt"), "two".into())
            .await
            .unwrap();
        assert_eq!(content(&folder, "1/a/b.txt").await, "two");
        let entry = Entry {
            path: "b.txt".into(),
            length: Some(3),
        };
        assert_eq!(folder.list(&path("1/a")).await.unwrap(), [entry]);
        folder.remove(&path("1/a")).await.unwrap();
        assert_eq!(
            folder.open(&path("1/a/b.txt")).await.unwrap_err().kind,
            ErrorKind::NotFound
        );
        assert_eq!(folder.list(&path("1/a")).await.unwrap(), []);
    }

    #[tokio::test]
    async fn a_file_that_is_too_large_leaves_nothing_behind() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path(), "default");
        let refused = folder
            .write(&path("big"), Body::from("12345"), 4)
            .await
            .unwrap_err();
        assert_eq!(refused.kind, ErrorKind::TooLarge);
        assert_eq!(
            std::fs::read_dir(root.path().join(".incoming"))
                .unwrap()
                .count(),
            0
        );
        assert!(folder.open(&path("big")).await.is_err());
    }

    #[tokio::test]
    async fn a_file_cannot_become_a_directory() {
        let root = tempfile::tempdir().unwrap();
        let folder = Folder::at(root.path(), "default");
        folder.write_bytes(&path("a"), "x".into()).await.unwrap();
        let refused = folder
            .write_bytes(&path("a/b"), "x".into())
            .await
            .unwrap_err();
        assert!(matches!(
            refused.kind,
            ErrorKind::InvalidInput | ErrorKind::NotFound
        ));
    }
}
