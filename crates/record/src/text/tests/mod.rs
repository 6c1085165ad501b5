mod odd_files;
mod properties;
mod real_files;

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicU64, Ordering};

use levator_decode::Scans;

use super::{TextError, TextFile, TextOptions};

/// A file in the folder of the test data.
fn repository_file(folder: &str, name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/data").join(folder).join(name)
}

/// A file of one test, removed at its end.
struct TestFile(PathBuf);

impl TestFile {
    fn new(bytes: &[u8]) -> Self {
        static NUMBER: AtomicU64 = AtomicU64::new(0);
        let number = NUMBER.fetch_add(1, Ordering::Relaxed);
        let name = format!("levator-text-{}-{number}.csv", std::process::id());
        let path = std::env::temp_dir().join(name);
        std::fs::write(&path, bytes).expect("the folder for passing files can be written");
        Self(path)
    }
}

impl Drop for TestFile {
    fn drop(&mut self) {
        // Nothing is lost if it stays.
        let _ = std::fs::remove_file(&self.0);
    }
}

fn open_with(bytes: &[u8], options: &TextOptions) -> Result<TextFile, TextError> {
    TextFile::open(&TestFile::new(bytes).0, options)
}

fn open(text: &str) -> Result<TextFile, TextError> {
    open_with(text.as_bytes(), &TextOptions::default())
}

/// Index and values of every scan; checks what every file keeps to.
fn collect(file: &mut TextFile) -> Vec<(u64, Vec<f64>)> {
    let channel_count = file.layout().channels.len();
    let mut all: Vec<(u64, Vec<f64>)> = Vec::new();
    file.read(&mut |scans: Scans<'_>| {
        assert!(scans.scan_count() >= 1 && scans.scan_count() <= super::MAX_BLOCK_SCANS);
        assert_eq!(usize::from(scans.channel_count), channel_count);
        for (offset, scan) in scans.codes.chunks(channel_count).enumerate() {
            let index = scans.first.0 + offset as u64;
            assert!(all.last().is_none_or(|(last, _)| index > *last), "indices rise");
            all.push((index, scan.to_vec()));
        }
    })
    .expect("the file is still there");
    let layout = file.layout();
    assert_eq!(all.first().map(|scan| scan.0), Some(0));
    assert_eq!(all.last().map(|scan| scan.0 + 1), Some(layout.sample_count));
    assert_eq!(all.len() as u64, layout.sample_count - layout.missing_count);
    all
}
